//! What the app says, in both languages.

use crate::kernel::Text;

/// How a request ended: name, tone, title, words.
pub(super) const OUTCOMES: &[(&str, &str, Text, Text)] = &[
    (
        "approved",
        "success",
        Text::new("Bạn đã đồng ý", "You have approved"),
        Text::new(
            "Màn hình kia sẽ tự chuyển tiếp. Bạn không cần làm gì thêm.",
            "The other screen goes on by itself. There is nothing more to do.",
        ),
    ),
    (
        "rejected",
        "plain",
        Text::new("Bạn đã từ chối", "You have rejected"),
        Text::new(
            "Không có dữ liệu nào được chia sẻ. Trong ít phút tới, yêu cầu bạn không tự quét sẽ không hiện.",
            "Nothing was shared. For some minutes, requests that you did not scan are not shown.",
        ),
    ),
    (
        "mismatch",
        "failure",
        Text::new("Hai chữ số không khớp", "The two digits did not match"),
        Text::new(
            "Yêu cầu đã bị hủy để bảo vệ bạn, không có dữ liệu nào được chia sẻ. Nếu chính bạn đang đăng nhập, hãy bắt đầu lại trên màn hình kia.",
            "The request was ended to protect you, and nothing was shared. If it is you who is signing in, begin again on the other screen.",
        ),
    ),
    (
        "over",
        "warning",
        Text::new("Yêu cầu này đã kết thúc", "This request is over"),
        Text::new(
            "Nó đã hết thời gian, hoặc đã được trả lời ở nơi khác. Không có gì được chia sẻ từ đây.",
            "Its time was up, or it was answered elsewhere. Nothing was shared from here.",
        ),
    ),
];

/// Sentences by the names that the script asks for them.
pub(super) const SENTENCES: &[(&str, Text)] = &[
    ("who", Text::new("Bên đề nghị", "Who asks")),
    ("what", Text::new("Sẽ được biết", "They will learn")),
    (
        "nothing",
        Text::new("Chỉ một mã riêng của bạn, không có dữ liệu cá nhân", "Only a code of yours, no personal data"),
    ),
    ("why", Text::new("Để làm gì", "What for")),
    ("message", Text::new("Lời nhắn", "Message")),
    ("where", Text::new("Ở đâu", "Where")),
    ("page", Text::new("Một trang đăng nhập trên mạng", "A sign-in page on the web")),
    ("counter", Text::new("Tại quầy, nơi bạn đang đứng", "At the counter where you stand")),
    ("consent", Text::new("Đồng ý có hiệu lực", "Your consent holds")),
    ("days", Text::new("ngày, rút lại được bất cứ lúc nào", "days; you can withdraw it at any time")),
    ("until", Text::new("Trả lời trước", "Answer before")),
    ("approve", Text::new("Đồng ý", "Approve")),
    ("approve-and-consent", Text::new("Đồng ý và cho phép chia sẻ", "Approve and consent to sharing")),
    ("new-request", Text::new("Có yêu cầu mới từ", "A new request from")),
    ("no-connection", Text::new("Không kết nối được, đang thử lại", "There is no connection; trying again")),
    ("try-after", Text::new("Thử lại sau", "Try again after")),
    ("check-fields", Text::new("Hãy kiểm tra lại", "Please check")),
    (
        "two-digits",
        Text::new("Nhập đúng hai chữ số đang hiện trên màn hình", "Type the two digits that the screen shows"),
    ),
    ("passcodes-differ", Text::new("Hai lần nhập mật mã không giống nhau", "The two passcodes are not the same")),
    ("no-qr", Text::new("Ảnh không có mã QR đọc được", "There is no readable QR code in the picture")),
    ("changed", Text::new("Đã lưu thay đổi.", "The change is saved.")),
    ("level1", Text::new("Mức 1, kích hoạt bằng mã", "Level 1, activated by a code")),
    ("level2", Text::new("Mức 2, đã xác nhận trực tiếp tại quầy", "Level 2, confirmed in person at a desk")),
    ("was-approved", Text::new("Đã đồng ý", "Approved")),
    ("was-rejected", Text::new("Đã từ chối", "Rejected")),
    ("was-mismatch", Text::new("Sai hai chữ số, đã hủy", "Digits did not match, ended")),
    ("was-over", Text::new("Đã kết thúc trước đó", "Already over")),
];

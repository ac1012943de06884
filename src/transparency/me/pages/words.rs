//! What was done, in words.

use crate::kernel::Text;
use crate::transparency::me::model::EVENT;

/// Whether the citizen does it, whichever client's page they do it on.
pub(super) fn is_own(operation: &str) -> bool {
    operation.starts_with("me.") || operation.starts_with("desk.") || operation == "consent.withdraw"
}

/// An operation as an audit entry names it.
pub(super) fn operation(name: &str) -> Text {
    match name {
        "citizens.lookup" => Text::new("xem thông tin của bạn", "looked at your data"),
        "citizens.verify" => Text::new("đối chiếu thông tin họ đã có về bạn", "compared what they have about you"),
        "qr.verify" => Text::new("kiểm tra mã QR của bạn", "checked your QR code"),
        "qr.issue" | "qr.credentials" => Text::new("cấp mã QR cho bạn", "issued a QR code for you"),
        "qr.revoke" => Text::new("thu hồi một mã QR của bạn", "revoked a QR code of yours"),
        "forms.prefill" => Text::new("điền sẵn tờ khai cho bạn", "prefilled a form for you"),
        "residence.check" => Text::new("hỏi về nơi cư trú của bạn", "asked where you live"),
        "residence.confirm" => {
            Text::new("lập xác nhận thông tin cư trú của bạn", "made a confirmation of your residence")
        }
        "oidc.sign_in" | "eid.sign_in" => Text::new("nhận kết quả bạn đăng nhập", "received your sign-in"),
        "oidc.userinfo" => Text::new("nhận dữ liệu bạn đã đồng ý chia sẻ", "received the data you agreed to share"),
        "oidc.revoke" | "oidc.logout" => Text::new("chấm dứt phiên đăng nhập của bạn", "ended your sign-in"),
        "oidc.reuse" => Text::new(
            "dùng lại mã đăng nhập; phiên đã bị chấm dứt",
            "used a code of your sign-in again, which ended it",
        ),
        "oidc.backchannel" | "eid.ask" | "eid.address" => {
            Text::new("gửi yêu cầu xác nhận đến bạn", "asked for your approval")
        }
        "eid.accounts" | "eid.activate" => {
            Text::new("kích hoạt tài khoản hoặc thiết bị", "activated an account or device")
        }
        "eid.claim" => Text::new("quét một yêu cầu xác nhận", "scanned a request for approval"),
        "eid.approve" => Text::new("đồng ý một yêu cầu xác nhận", "approved a request"),
        "eid.reject" => Text::new("từ chối một yêu cầu xác nhận", "rejected a request"),
        "eid.mismatch" => Text::new("nhập sai hai chữ số của một yêu cầu", "typed other digits than a request’s"),
        "eid.withdraw" => Text::new("rút lại một yêu cầu xác nhận", "took back a request for approval"),
        "eid.qr" => Text::new("tạo mã QR của bạn", "made your own QR code"),
        "me.access_history" => Text::new("xem lịch sử này", "looked at this history"),
        "me.consents" => Text::new("xem các đồng ý đã cho", "looked at the consents given"),
        "consent.withdraw" => Text::new("rút lại một đồng ý", "withdrew a consent"),
        "desk.bind" => Text::new("gắn định danh với quầy lễ tân", "bound the e-ID to a front desk"),
        "desk.sign_in" => Text::new("đăng nhập quầy lễ tân", "signed in at a front desk"),
        name if name.starts_with("eid.") => Text::new("thay đổi tài khoản định danh", "changed the e-ID account"),
        "stays.search" => Text::new("tìm trong các thông báo lưu trú của bạn", "searched notices of your stays"),
        "stays.today" => Text::new("xem danh sách khách trong ngày", "looked at a lodging’s list of the day"),
        name if name.starts_with("stays.") => Text::new("thông báo lưu trú cho bạn", "notified a stay of yours"),
        EVENT => Text::new("cập nhật hộ tịch, cư trú của bạn", "updated your record"),
        _ => Text::new("xử lý thông tin về bạn", "handled data about you"),
    }
}

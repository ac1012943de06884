//! What can be wrong with a field: a stable code and a sentence. The kernel's parsers have their own.

use crate::kernel::Text;

/// A code and its sentence.
pub type Said = (&'static str, Text);

pub const MISSING: Said = ("missing", Text::new("Thiếu trường bắt buộc.", "A required field is missing."));
pub const NOT_TEXT: Said = ("not_text", Text::new("Giá trị phải là chuỗi ký tự.", "The value must be a text."));
pub const NOT_LIST: Said = ("not_list", Text::new("Giá trị phải là danh sách.", "The value must be a list."));
pub const NOT_OBJECT: Said = ("not_object", Text::new("Giá trị phải là đối tượng.", "The value must be an object."));
pub const UNKNOWN: Said = ("unknown_field", Text::new("Không có trường này.", "There is no such field."));
pub const CODE: Said = ("code_unknown", Text::new("Mã không có trong danh mục.", "The code is not in the list."));
pub const UNIT: Said = (
    "unit_unknown",
    Text::new("Không có đơn vị hành chính cấp xã này.", "There is no such commune since 1 July 2025."),
);
pub const LENGTH: Said = ("text_length", Text::new("Nội dung quá dài.", "The text is too long."));
pub const EMAIL: Said = ("email_format", Text::new("Thư điện tử không hợp lệ.", "This is no e-mail address."));
pub const PHONE: Said = (
    "phone_format",
    Text::new("Số điện thoại không hợp lệ.", "A phone number is 8 to 15 digits, with + before them or not."),
);
pub const HOUSEHOLD: Said =
    ("household_id_format", Text::new("Mã hộ gồm 32 chữ cái a–p.", "A household's key is 32 letters a to p."));
pub const FUTURE: Said = ("date_in_future", Text::new("Ngày nằm trong tương lai.", "The date lies in the future."));
pub const ORDER: Said = ("date_order", Text::new("Thứ tự ngày không hợp lý.", "The dates are in an impossible order."));
pub const STATUS: Said = (
    "status_date_without_status",
    Text::new("Chỉ ghi ngày khi đã mất hoặc mất tích.", "A status date belongs to the deceased and the missing only."),
);
pub const SELF: Said =
    ("relative_is_self", Text::new("Thân nhân trùng chính công dân.", "The relative is the citizen themselves."));
pub const CANCELLED: Said = (
    "id_number_cancelled",
    Text::new("Số hiện tại nằm trong các số đã hủy.", "The current number stands among the cancelled ones."),
);
pub const PHOTO: Said =
    ("photo_format", Text::new("Ảnh phải là JPEG hoặc WebP, base64.", "A photo is JPEG or WebP in base64."));

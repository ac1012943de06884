//! What was done, in words.

use crate::http::page::Page;
use crate::transparency::me::model::{Doer, EVENT, Look, LookKind};

/// What an operation does: in Vietnamese one phrase fits after "đã" and after "bị từ chối:", in English the
/// past differs from what was asked for.
struct Words {
    vi: &'static str,
    did: &'static str,
    to: &'static str,
}

const fn words(vi: &'static str, did: &'static str, to: &'static str) -> Words {
    Words { vi, did, to }
}

/// One sentence on a look: what was done, or what was asked for and not given.
pub(super) fn sentence(page: &Page, look: &Look) -> String {
    let Words { vi, did, to } = operation(&look.operation);
    let vietnamese = page.is_vietnamese();
    match (look.kind(), look.doer) {
        (LookKind::Own, Doer::Reader) if vietnamese => format!("Bạn đã {vi}."),
        (LookKind::Own, Doer::Reader) => format!("You {did}."),
        (LookKind::OwnRefused, Doer::Reader) if vietnamese => format!("Bạn đã thử nhưng bị từ chối: {vi}."),
        (LookKind::OwnRefused, Doer::Reader) => format!("You tried to {to}, and were refused."),
        (LookKind::Own | LookKind::Answered, _) if vietnamese => format!("Đã {vi}."),
        (LookKind::Own | LookKind::Answered, _) => format!("They {did}."),
        (LookKind::OwnRefused, _) if vietnamese => format!("Đã thử nhưng bị từ chối: {vi}."),
        (LookKind::OwnRefused, _) => format!("They tried to {to}, and were refused."),
        (LookKind::NoMatch, _) if vietnamese => format!("Đã hỏi nhưng không khớp nên không được trả lời: {vi}."),
        (LookKind::NoMatch, _) => format!("They asked to {to}; it did not match, and they were told nothing."),
        (LookKind::Refused, _) if vietnamese => format!("Đã hỏi nhưng bị từ chối: {vi}."),
        (LookKind::Refused, _) => format!("They asked to {to}, and were refused."),
    }
}

/// An operation as an audit entry names it.
fn operation(name: &str) -> Words {
    match name {
        "citizens.lookup" => words("xem thông tin của bạn", "looked at your data", "look at your data"),
        "citizens.verify" | "citizens.verify.batch" => words(
            "đối chiếu thông tin họ đã có về bạn",
            "compared what they have about you",
            "compare what they have about you",
        ),
        "qr.verify" => words("kiểm tra mã QR của bạn", "checked your QR code", "check your QR code"),
        "qr.issue" | "qr.credentials" => {
            words("cấp mã QR cho bạn", "issued a QR code for you", "issue a QR code for you")
        }
        "qr.revoke" => words("thu hồi một mã QR của bạn", "revoked a QR code of yours", "revoke a QR code of yours"),
        "forms.prefill" => words("điền sẵn tờ khai cho bạn", "prefilled a form for you", "prefill a form for you"),
        "residence.check" => words("hỏi về nơi cư trú của bạn", "asked where you live", "ask where you live"),
        "residence.confirm" => words(
            "lập xác nhận thông tin cư trú của bạn",
            "made a confirmation of your residence",
            "make a confirmation of your residence",
        ),
        "oidc.sign_in" | "eid.sign_in" => {
            words("nhận kết quả đăng nhập của bạn", "received your sign-in", "receive your sign-in")
        }
        "oidc.userinfo" => words(
            "nhận dữ liệu bạn đã đồng ý chia sẻ",
            "received the data you agreed to share",
            "receive the data you agreed to share",
        ),
        "oidc.revoke" | "oidc.logout" => {
            words("chấm dứt phiên đăng nhập của bạn", "ended your sign-in", "end your sign-in")
        }
        "oidc.reuse" => words(
            "dùng lại mã đăng nhập; phiên đã bị chấm dứt",
            "used a code of your sign-in again, which ended it",
            "use a code of your sign-in again, which ended it",
        ),
        "oidc.backchannel" | "eid.ask" | "eid.address" => {
            words("gửi yêu cầu xác nhận đến bạn", "sent you a request for approval", "send you a request for approval")
        }
        "eid.withdraw" => words(
            "rút lại một yêu cầu xác nhận",
            "took back a request for approval",
            "take back a request for approval",
        ),
        EVENT => words("cập nhật hộ tịch, cư trú của bạn", "updated your record", "update your record"),
        name if name.starts_with("stays.") => of_stay(name),
        name => of_citizen(name),
    }
}

fn of_stay(name: &str) -> Words {
    match name {
        "stays.search" => words(
            "tìm trong các thông báo lưu trú của bạn",
            "searched notices of your stays",
            "search notices of your stays",
        ),
        "stays.today" => words(
            "xem danh sách khách trong ngày, có bạn",
            "looked at a lodging’s list of the day, with you on it",
            "look at a lodging’s list of the day",
        ),
        "stays.receipt" => words(
            "xem biên nhận một lần lưu trú của bạn",
            "looked at the receipt of a stay of yours",
            "look at the receipt of a stay of yours",
        ),
        "stays.check_out" => {
            words("ghi nhận bạn đã trả phòng", "noted that you checked out", "note that you checked out")
        }
        "stays.amend" | "stays.extend" => {
            words("sửa thông báo lưu trú của bạn", "changed a notice of your stay", "change a notice of your stay")
        }
        "stays.cancel" => words(
            "hủy một thông báo lưu trú của bạn",
            "cancelled a notice of your stay",
            "cancel a notice of your stay",
        ),
        _ => words("thông báo lưu trú cho bạn", "notified a stay of yours", "notify a stay of yours"),
    }
}

/// What citizens do themselves, or what is done to their account.
fn of_citizen(name: &str) -> Words {
    match name {
        "eid.activation.asked" => words(
            "xin mã kích hoạt tài khoản định danh của bạn",
            "asked for a code that activates your e-ID account",
            "get a code that activates your e-ID account",
        ),
        "eid.activate" => words("kích hoạt tài khoản", "activated the e-ID account", "activate the e-ID account"),
        "eid.device.add" => words("thêm một thiết bị", "added a device", "add a device"),
        "eid.device.invite" => words("cho phép thêm một thiết bị", "allowed another device", "allow another device"),
        "eid.device.revoke" => words("gỡ một thiết bị", "removed a device", "remove a device"),
        "eid.passcode" => words("nhập mật mã của ứng dụng định danh", "typed the passcode", "use the passcode"),
        "eid.passcode.set" => words("đổi mật mã của ứng dụng định danh", "changed the passcode", "change the passcode"),
        "eid.settings" => words(
            "đổi cài đặt tài khoản định danh",
            "changed the settings of the e-ID account",
            "change the settings of the e-ID account",
        ),
        "eid.claim" => {
            words("quét một yêu cầu xác nhận", "scanned a request for approval", "scan a request for approval")
        }
        "eid.decide" => words("quyết định về một yêu cầu xác nhận", "decided on a request", "decide on a request"),
        "eid.approve" => words("đồng ý một yêu cầu xác nhận", "approved a request", "approve a request"),
        "eid.reject" => words("từ chối một yêu cầu xác nhận", "rejected a request", "reject a request"),
        "eid.mismatch" => words(
            "nhập sai hai chữ số của một yêu cầu",
            "typed other digits than a request’s",
            "type the digits of a request",
        ),
        "eid.qr" => words("tạo mã QR của bạn", "made your own QR code", "make your own QR code"),
        "eid.account.close" => words("đóng tài khoản định danh", "closed the e-ID account", "close the e-ID account"),
        name if name.starts_with("eid.desk.") => words(
            "làm thủ tục tài khoản định danh tại quầy",
            "handled your e-ID account at a desk",
            "handle your e-ID account at a desk",
        ),
        name if name.starts_with("eid.") => {
            words("thay đổi tài khoản định danh", "changed the e-ID account", "change the e-ID account")
        }
        "me.access_history" => words("xem lịch sử này", "looked at this history", "look at this history"),
        "me.consents" => words("xem các đồng ý đã cho", "looked at the consents given", "look at the consents given"),
        "consent.withdraw" => words("rút lại một đồng ý", "withdrew a consent", "withdraw a consent"),
        "desk.bind" => {
            words("gắn định danh với quầy lễ tân", "bound the e-ID to a front desk", "bind the e-ID to a front desk")
        }
        "desk.sign_in" => words("đăng nhập quầy lễ tân", "signed in at a front desk", "sign in at a front desk"),
        _ => words("xử lý thông tin về bạn", "handled data about you", "handle data about you"),
    }
}

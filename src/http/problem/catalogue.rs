//! Every problem type there is. Its URI, status and titles are promises to clients: a slug never
//! changes its meaning and is never used again.

use actix_web::http::StatusCode;

use crate::kernel::Text;

macro_rules! catalogue {
    ($($variant:ident = $status:ident, $slug:literal, $vi:literal, $en:literal, $meaning:literal;)*) => {
        /// One type of problem (RFC 9457 section 3.1.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemKind { $(#[doc = $meaning] $variant,)* }

        impl ProblemKind {
            /// Every type, in the order of `docs/api.md`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable last part of the URI.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// The type's URI.
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$variant => concat!("https://dancu.vn/problems/", $slug),)* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            pub const fn title(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }

            /// Whether operators have stopped the caller, who is told whom to call.
            pub const fn is_stop(self) -> bool {
                matches!(self, Self::ClientStopped | Self::ProcedureStopped | Self::OfficerStopped)
            }

            /// When it is answered, for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

catalogue! {
    InvalidJson = BAD_REQUEST, "invalid-json",
        "Nội dung không phải JSON hợp lệ", "The body is not valid JSON",
        "The body cannot be read as one JSON document.";
    InvalidFields = UNPROCESSABLE_ENTITY, "invalid-fields",
        "Một số trường không hợp lệ", "Some fields are not valid",
        "Members are missing, unknown, repeated or wrong; `errors` lists every one with its JSON pointer.";
    InvalidRequest = BAD_REQUEST, "invalid-request",
        "Yêu cầu không hợp lệ", "The request is not valid",
        "The path, the query or a header cannot be read.";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid-idempotency-key",
        "Idempotency-Key không hợp lệ", "The Idempotency-Key is not valid",
        "`Idempotency-Key` is not 8 to 64 of A-Z, a-z, 0-9, `-` and `_`.";
    NotUtf8 = BAD_REQUEST, "not-utf8",
        "Nội dung không phải UTF-8", "The body is not UTF-8",
        "The body is not UTF-8 text.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type",
        "Kiểu nội dung không được hỗ trợ", "The media type is not supported",
        "`Content-Type` is not what the operation takes, names another charset than UTF-8, or the body is compressed.";
    UnreadableFile = UNPROCESSABLE_ENTITY, "unreadable-file",
        "Không đọc được tệp", "The file cannot be read",
        "Nothing of a file of notices was read: it is locked, damaged or of another kind, or its header is not the template's; `errors` says what to do about it.";
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body-too-large",
        "Nội dung quá lớn", "The body is too large",
        "The body is longer than the operation takes.";
    HeaderTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "header-too-large",
        "Phần đầu yêu cầu quá lớn", "The header is too large",
        "The request line or the header fields are too long or too many.";
    BodyTimeout = REQUEST_TIMEOUT, "body-timeout",
        "Nội dung đến quá chậm", "The body came too slowly",
        "The body did not arrive whole in time.";
    Unauthorised = UNAUTHORIZED, "unauthorised",
        "Cần mã truy cập", "An access token is needed",
        "No access token was sent.";
    TokenInvalid = UNAUTHORIZED, "token-invalid",
        "Mã truy cập không hợp lệ", "The access token is not valid",
        "The access token is malformed, forged, revoked or for another audience.";
    TokenExpired = UNAUTHORIZED, "token-expired",
        "Mã truy cập đã hết hạn", "The access token has expired",
        "The access token was valid and is no longer.";
    InsufficientScope = FORBIDDEN, "insufficient-scope",
        "Mã truy cập không đủ quyền", "The access token does not cover this operation",
        "The access token lacks the operation's scope.";
    Forbidden = FORBIDDEN, "forbidden",
        "Không được phép", "Not allowed",
        "The caller may not do this, for a reason no other type names.";
    ClientStopped = FORBIDDEN, "client-stopped",
        "Đơn vị đã bị dừng truy cập", "The client is stopped",
        "Operators have stopped the client until they start it again; `contact` says whom to call.";
    ProcedureStopped = FORBIDDEN, "procedure-stopped",
        "Thủ tục đã bị dừng đối với đơn vị này", "The procedure is stopped for this client",
        "Operators have stopped the client's questions under this procedure; `contact` says whom to call.";
    OfficerStopped = FORBIDDEN, "officer-stopped",
        "Cán bộ đã bị dừng truy cập", "The officer is stopped",
        "Operators have stopped the client's questions in this officer's name; `contact` says whom to call.";
    AgreementNotInForce = FORBIDDEN, "agreement-not-in-force",
        "Thỏa thuận chưa hoặc không còn hiệu lực", "The agreement is not in force",
        "The client's agreement has not begun or has ended.";
    OperationNotAgreed = FORBIDDEN, "operation-not-agreed",
        "Thao tác nằm ngoài thỏa thuận", "The agreement does not cover this operation",
        "The agreement does not list the operation.";
    ProcedureNotAgreed = FORBIDDEN, "procedure-not-agreed",
        "Thủ tục nằm ngoài thỏa thuận", "The agreement does not cover this procedure",
        "The agreement does not list the procedure in `purpose`.";
    LegalBasisNotAgreed = FORBIDDEN, "legal-basis-not-agreed",
        "Căn cứ pháp lý nằm ngoài thỏa thuận", "The agreement does not cover this legal basis",
        "The agreement does not list the legal basis in `purpose`.";
    OfficerMissing = FORBIDDEN, "officer-missing",
        "Thiếu cán bộ thực hiện", "The officer is missing",
        "An officer asks, and `purpose` does not name them.";
    ConsentMissing = FORBIDDEN, "consent-missing",
        "Chưa có sự đồng ý của công dân", "The citizen's consent is missing",
        "The legal basis is the citizen's consent, and none that is in force covers the question.";
    DeviceSignatureInvalid = UNAUTHORIZED, "device-signature-invalid",
        "Chữ ký của thiết bị không hợp lệ", "The device's signature is not valid",
        "The request of an e-ID app is not signed, its signature does not fit it, was used before, or its device is not in use.";
    ActivationRefused = FORBIDDEN, "activation-refused",
        "Không kích hoạt được", "The activation is refused",
        "The code is wrong, over, another's, or was never given.";
    PasscodeRefused = FORBIDDEN, "passcode-refused",
        "Mật mã không đúng", "The passcode is refused",
        "The passcode is wrong, or may not be tried before the time in `Retry-After`.";
    PasscodeLocked = FORBIDDEN, "passcode-locked",
        "Mật mã đã bị khóa trên thiết bị này", "The passcode is locked on this device",
        "Too many wrong passcodes came from this device; a desk unlocks it.";
    TransactionOver = CONFLICT, "transaction-over",
        "Yêu cầu không còn hiệu lực", "The request is over",
        "The request for approval was decided, has expired, or is for somebody else.";
    NotFound = NOT_FOUND, "not-found",
        "Không có tài nguyên này", "There is no such resource",
        "Nothing is at this path. Never the answer to a question about a person.";
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method-not-allowed",
        "Phương thức không được hỗ trợ", "The method is not allowed",
        "The path exists and takes other methods, which `Allow` lists.";
    NotAnIdentityQr = UNPROCESSABLE_ENTITY, "not-an-identity-qr",
        "Mã QR này không phải mã QR định danh", "This QR code is not one of identity",
        "The QR code is a known other one (health insurance, bank transfer, web address…); `errors` names it.";
    UnreadableQr = UNPROCESSABLE_ENTITY, "unreadable-qr",
        "Không đọc được mã QR", "The QR code cannot be read",
        "The text or picture holds no whole QR code of a card or credential; `errors` says why.";
    Conflict = CONFLICT, "conflict",
        "Xung đột với một thay đổi khác", "The change conflicts with another",
        "Another change came first, or the resource is not in a state that allows this.";
    EventContradicts = CONFLICT, "event-contradicts",
        "Sự kiện mâu thuẫn với dữ liệu dân cư", "The event contradicts the population data",
        "A life event cannot have happened as told (a move of somebody dead, a number that is taken…); `errors` names the contradiction. Nothing was changed.";
    IdempotencyConflict = CONFLICT, "idempotency-conflict",
        "Idempotency-Key đã dùng cho yêu cầu khác", "The Idempotency-Key was used for another request",
        "The same `Idempotency-Key` came before with other contents.";
    OverQuota = TOO_MANY_REQUESTS, "over-quota",
        "Đã hết hạn mức", "The quota is used up",
        "The agreement's quota for the day is used up; `Retry-After` says when it begins anew.";
    RateLimited = TOO_MANY_REQUESTS, "rate-limited",
        "Quá nhiều yêu cầu", "Too many requests",
        "More calls in a minute than the agreement allows, or more requests without an account than one address may make.";
    TooManyAtOnce = TOO_MANY_REQUESTS, "too-many-at-once",
        "Quá nhiều tệp, ảnh hoặc lô yêu cầu cùng lúc", "Too many files, pictures or batches at once",
        "As many files, pictures or batches of this client are in work, or wait for it, as one client may send at once; nothing of this one was read. Send it again when another is answered.";
    TooManyFailedAnchors = TOO_MANY_REQUESTS, "too-many-failed-anchors",
        "Quá nhiều lần hỏi sai số, họ tên và ngày sinh", "Too many questions whose number, name and birth date do not match",
        "Too many of the client's questions named a number, name and birth date that do not belong together, or somebody who is not alive without being told the status.";
    Internal = INTERNAL_SERVER_ERROR, "internal",
        "Lỗi nội bộ", "Internal error",
        "A fault of the service. Quote `request_id` when you report it.";
    Overloaded = SERVICE_UNAVAILABLE, "overloaded",
        "Hệ thống đang quá tải", "The service is overloaded",
        "The service refuses some requests so that the others are answered in time; nothing was done.";
    Unavailable = SERVICE_UNAVAILABLE, "unavailable",
        "Hệ thống tạm thời không phục vụ được", "The service is temporarily unavailable",
        "Something the service needs (the database, the audit log) is away.";
    Timeout = SERVICE_UNAVAILABLE, "timeout",
        "Hệ thống không trả lời kịp", "The service did not answer in time",
        "The answer took longer than the service allows itself; whether something was done is not known.";
}

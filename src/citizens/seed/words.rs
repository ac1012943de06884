//! Word lists of names and addresses. All combinations are invented.

/// How a people forms full names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tradition {
    /// Surname, middle name, given name.
    Kinh,
    /// Tày, Thái, Nùng, Mường, Dao: the same with surnames of their own, `Văn` and `Thị`.
    Northern,
    /// `Giàng A Sử`, `Giàng Thị Mỷ`.
    Hmong,
    /// `Thạch Sô Phia`: no middle name.
    Khmer,
    /// `H' Linh Êban`, `Y Wang Niê`: the mother's clan comes last.
    Ede,
    /// `Rơ Châm H'Bia`, `Siu Djoan`.
    Jarai,
    /// `K'Brêu`, `Ka Hiêng`: no family name.
    Koho,
    /// `A Blưn`, `Y Hlim`, or a single name.
    Bahnar,
}

pub const RARE_SURNAMES: &[&str] = &[
    "Đinh", "Trịnh", "Mai", "Đoàn", "Trương", "Lương", "Cao", "Đào", "Tạ", "Phùng", "Hà", "Lâm", "Tô", "Chu", "Vương",
    "Châu", "Thái", "Tăng", "La", "Quách", "Kiều", "Nghiêm", "Doãn", "Tống", "Thân", "Lưu", "Từ", "Triệu", "Khổng",
    "Tôn", "Ông", "Mạc", "Bạch", "Hứa", "Văn", "Đàm", "Nhữ", "Lại", "Lều", "Ninh", "Viên", "Giang", "Âu", "Cù",
];

pub const TAY_NUNG: &[&str] =
    &["Nông", "Hoàng", "Lý", "Triệu", "Ma", "Bế", "Lục", "Lương", "Chu", "Vi", "Hứa", "Nguyễn"];
pub const THAI: &[&str] = &["Lò", "Quàng", "Cà", "Lường", "Tòng", "Vì", "Hà", "Cầm", "Bạc", "Đèo", "Hoàng", "Lừ"];
pub const MUONG: &[&str] = &["Bùi", "Đinh", "Quách", "Hà", "Phùng", "Bạch", "Nguyễn", "Phạm"];
pub const DAO: &[&str] = &["Bàn", "Triệu", "Đặng", "Lý", "Phùng", "Chảo", "Tẩn", "Phàn"];
pub const HMONG: &[&str] = &["Giàng", "Vàng", "Thào", "Sùng", "Lý", "Hờ", "Mùa", "Vừ", "Cư", "Hạng", "Má", "Sình"];
pub const KHMER: &[&str] = &["Thạch", "Sơn", "Kim", "Danh", "Lâm", "Châu", "Kiên", "Trà", "Liêu", "Thị"];
pub const EDE: &[&str] = &[
    "Êban",
    "Niê",
    "Kbuôr",
    "Mlô",
    "Ayŭn",
    "Kpă",
    "Êñuôl",
    "Byă",
    "Kđoh",
    "Hđơk",
    "Ksơr",
    "Adrơng",
    "Niê Kdăm",
    "Buôn Yă",
];
pub const JARAI: &[&str] = &["Rơ Châm", "Ksor", "Siu", "Rmah", "Kpă", "Nay", "Rơ Mah", "Rcom", "Puih", "Ralan"];
pub const NO_FAMILY: &[&str] = &[""];

pub const NORTHERN_GIVEN_M: &[&str] = &[
    "Thắng", "Hùng", "Pản", "Sơn", "Pâng", "Thái", "Dũng", "Tuấn", "Bun", "Hặc", "Chiến", "Quyết", "Phong", "Inh",
    "Páo",
];
pub const NORTHERN_GIVEN_F: &[&str] = &[
    "Hồng", "Ón", "Lả", "Hương", "Thơm", "Mai", "Xuân", "Pánh", "Duyên", "Nhung", "Quyên", "Hiên", "Bó", "Thiện",
    "Liễu",
];
pub const HMONG_GIVEN_M: &[&str] =
    &["Sử", "Páo", "Chua", "Dế", "Lử", "Sùng", "Chứ", "Tủa", "Vảng", "Dình", "Nủ", "Sính"];
pub const HMONG_GIVEN_F: &[&str] = &["Mỷ", "Dợ", "Sua", "Chía", "Máy", "Dí", "Xá", "Vá", "Cở", "Mao", "Pà"];
pub const KHMER_GIVEN_M: &[&str] =
    &["Sô Phi", "Đa Ra", "Hoàng Na", "Sa Rương", "Chanh Đa", "Thi", "Sươl", "Rết", "Phol"];
pub const KHMER_GIVEN_F: &[&str] =
    &["Sô Phia", "Thị Sa Rên", "Sóc Kha", "Na Ri", "Thị Đa", "Chanh Thu", "Sa Ly", "Phone"];
pub const EDE_GIVEN_M: &[&str] = &["Wang", "Blô", "Phŏn", "Thĭ", "Sĭm", "Bhăm", "Djuôn", "Kô", "Nuăl", "Khŭn", "Ñên"];
pub const EDE_GIVEN_F: &[&str] = &["Hen", "Linh", "Bia", "Ngăm", "Djŭ", "Rim", "Mlăn", "Wĭk", "Yŏn", "Blăk", "Nuin"];
pub const JARAI_GIVEN_M: &[&str] = &["Djoan", "Glơh", "Thuih", "Blơi", "Nhơr", "Tơk", "Phun", "Brinh"];
pub const JARAI_GIVEN_F: &[&str] = &["Bia", "Lan", "Nhiêr", "Hyuên", "Blin", "Prưng", "Ngel", "Duyên"];
pub const KOHO_GIVEN_M: &[&str] = &["Brêu", "Tiếp", "Brồih", "Sơn", "Loi", "Tàm", "Đức", "Minh", "Bĕ", "Dìm"];
pub const KOHO_GIVEN_F: &[&str] = &["Hiêng", "Hiền", "Nhồi", "Thủy", "Brèo", "Đào", "Mỹ", "Lài", "Rơi"];
pub const BAHNAR_GIVEN: &[&str] = &["Blưn", "Hlim", "Khiêm", "Thuin", "Byưn", "Hnhiu", "Thưk", "Phiơr", "Đŭng", "Hlớp"];

pub const KINH_GIVEN_M: [&[&str]; 3] = [
    &[
        "Hùng", "Dũng", "Tuấn", "Sơn", "Bình", "Thành", "Hải", "Long", "Cường", "Thắng", "Tiến", "Hòa", "Lâm", "Quý",
        "Phúc", "Lộc", "Thọ", "Khải", "Tâm", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Mười", "Chiến", "Kháng", "Ngọ",
        "Thìn",
    ],
    &[
        "Tuấn",
        "Hùng",
        "Dũng",
        "Minh",
        "Nam",
        "Hiếu",
        "Trung",
        "Thành",
        "Quang",
        "Hưng",
        "Đức",
        "Việt",
        "Hoàng",
        "Linh",
        "Tú",
        "Phương",
        "Duy",
        "Toàn",
        "Thịnh",
        "Vinh",
        "Kiên",
        "Đạt",
        "Nghĩa",
        "Luân",
        "Trường",
        "Tùng",
        "Hà",
    ],
    &[
        "Huy", "Khang", "Bảo", "Minh", "Phúc", "Khôi", "Quân", "An", "Đăng", "Khánh", "Nguyên", "Long", "Phát", "Hưng",
        "Kiệt", "Thiên", "Anh", "Duy", "Nhân", "Lâm", "Tùng", "Sơn", "Vũ", "Kha", "Bách", "Hiếu", "Đức",
    ],
];
pub const KINH_GIVEN_F: [&[&str]; 3] = [
    &[
        "Lan",
        "Hoa",
        "Hương",
        "Mai",
        "Thủy",
        "Hồng",
        "Nga",
        "Liên",
        "Bích",
        "Tuyết",
        "Cúc",
        "Đào",
        "Sen",
        "Nụ",
        "Mận",
        "Bưởi",
        "Thơm",
        "Loan",
        "Phượng",
        "Lý",
        "Tỵ",
        "Sửu",
        "Hợi",
        "Gái",
        "Út",
        "Sáu",
        "Bảy",
        "Ngọc",
        "Tý",
        "Thuận",
    ],
    &[
        "Trang", "Linh", "Hạnh", "Thảo", "Ngọc", "Phương", "Yến", "Dung", "Thu", "Huyền", "Vân", "Nhung", "Quỳnh",
        "Hằng", "Hà", "Thúy", "Oanh", "Tâm", "Hiền", "Thanh", "Giang", "Loan", "Trinh", "Diễm", "Xuân", "Hòa", "Duyên",
    ],
    &[
        "Anh", "Chi", "My", "Vy", "Ngân", "Trâm", "Khánh", "An", "Nhi", "Hân", "Châu", "Diệp", "Thư", "Ngọc", "Linh",
        "Trúc", "Tiên", "Mai", "Hà", "Ly", "Như", "Uyên", "Trà", "Nguyên", "Phương", "Minh", "Thy",
    ],
];
pub const KINH_MIDDLE_M: &[&str] = &[
    "Đức", "Hữu", "Minh", "Quang", "Xuân", "Quốc", "Công", "Thanh", "Ngọc", "Đình", "Gia", "Bảo", "Hoàng", "Tuấn",
    "Anh", "Duy", "Trọng", "Thế", "Hồng", "Viết", "Bá", "Đăng", "Nhật", "Phúc",
];
pub const KINH_MIDDLE_F: &[&str] = &[
    "Ngọc", "Thu", "Thanh", "Khánh", "Minh", "Phương", "Bích", "Kim", "Hồng", "Mỹ", "Quỳnh", "Bảo", "Hoài", "Diệu",
    "Tường", "Gia", "Hải", "Thảo", "Thùy", "Như", "Ánh", "Tuyết", "Cẩm", "Hà",
];

pub const STREETS: &[&str] = &[
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Nguyễn Huệ",
    "Hai Bà Trưng",
    "Quang Trung",
    "Lý Thường Kiệt",
    "Nguyễn Trãi",
    "Lê Duẩn",
    "Phan Chu Trinh",
    "Hùng Vương",
    "Bà Triệu",
    "Ngô Quyền",
    "Điện Biên Phủ",
    "Võ Thị Sáu",
    "Nguyễn Du",
];

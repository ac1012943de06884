use crate::kernel::{Instant, Sex};
use crate::stays::formats::values::{Moment, birth_date, moment, nationality, paper, reason, sex};
use crate::stays::model::{DocumentKind, Reason};

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

#[test]
fn days_are_read_as_they_are_written_here() {
    for (text, day) in [
        ("15/03/1999", "1999-03-15"),
        ("5/3/1999", "1999-03-05"),
        ("15-03-1999", "1999-03-15"),
        ("15.03.1999", "1999-03-15"),
        ("1999-03-15", "1999-03-15"),
        ("15/03/1999 00:00", "1999-03-15"),
        ("03/1999", "1999-03"),
        ("1999", "1999"),
    ] {
        assert_eq!(birth_date(text).map(|date| date.to_string()), Ok(day.to_owned()), "{text}");
    }
    for (text, code) in [
        ("03/15/1999", "date_month_first"),
        ("31/02/1999", "date_impossible"),
        ("15/03/99", "date_short_year"),
        ("36234", "date_serial"),
        ("36234.5", "date_serial"),
        ("15031999", "date_serial"),
        ("15 tháng 3 năm 1999", "date_format"),
        ("March 15, 1999", "date_format"),
        ("15/03/1999/1", "date_format"),
        ("15/03/1999 14:00", "date_with_time"),
        ("0000", "date_format"),
        ("-", "date_format"),
        ("１５/03/1999", "date_format"),
    ] {
        assert_eq!(birth_date(text).map_err(|(code, _)| code), Err(code), "{text}");
    }
}

#[test]
fn moments_are_of_viet_nam() {
    for (text, instant) in [
        ("26/11/2026 14:30", "2026-11-26T14:30:00+07:00"),
        ("26/11/2026 14:30:59", "2026-11-26T14:30:00+07:00"),
        ("26/11/2026 14h", "2026-11-26T14:00:00+07:00"),
        ("26/11/2026 14h30", "2026-11-26T14:30:00+07:00"),
        ("26/11/2026", "2026-11-26T12:00:00+07:00"),
        ("2026-11-26 23:10", "2026-11-26T23:10:00+07:00"),
        ("2026-11-26T23:10", "2026-11-26T23:10:00+07:00"),
        ("2026-11-26T20:10:30Z", "2026-11-27T03:10:00+07:00"),
    ] {
        assert_eq!(moment(text).map(Moment::as_arrival), Ok(at(instant)), "{text}");
    }
    for (text, code) in [
        ("26/11/2026 24:00", "time_format"),
        ("26/11/2026 14", "time_format"),
        ("26/11/2026 14:60", "time_format"),
        ("26/11/2026 2pm", "time_format"),
        ("11/2026", "date_format"),
    ] {
        assert_eq!(moment(text).map_err(|(code, _)| code), Err(code), "{text}");
    }
    let departure = |text: &str| moment(text).unwrap().as_departure();
    assert_eq!(departure("26/11/2026"), at("2026-11-26T23:59:00+07:00"));
    assert_eq!(departure("26/11/2026 13:00"), at("2026-11-26T13:00:00+07:00"));
}

#[test]
fn words_and_numbers_of_the_portal() {
    assert_eq!(["M", "f", "Nam", "Nữ", "NỮ", "U"].map(|text| sex(text).ok()), {
        use Sex::{Female, Male, Unknown};
        [Male, Female, Male, Female, Female, Unknown].map(Some)
    });
    for text in ["VNM", "vn", "Việt Nam", "VNM - Việt Nam"] {
        assert_eq!(nationality(text).as_deref(), Ok("VNM"), "{text}");
    }
    for text in ["Hàn Quốc", "KO", "K0R", "Korea", "KOR Hàn Quốc", ""] {
        assert!(nationality(text).is_err(), "{text}");
    }
    for (text, kind) in [
        ("1", DocumentKind::Cccd),
        ("8 - Căn cước", DocumentKind::CanCuoc),
        ("4. Hộ chiếu", DocumentKind::Passport),
        ("Giấy khai sinh", DocumentKind::BirthCertificate),
        ("birth_certificate", DocumentKind::BirthCertificate),
        ("9", DocumentKind::Other),
    ] {
        assert_eq!(paper(text).ok(), Some(kind), "{text}");
    }
    for kind in DocumentKind::ALL {
        // What an export says can be handed in.
        assert_eq!(paper(kind.label().vi).ok(), Some(kind), "{}", kind.label().vi);
    }
    for text in ["6", "7", "10", "1a", "thẻ nhân viên"] {
        assert!(paper(text).is_err(), "{text}");
    }
    for (text, wanted) in [
        ("1", Reason::Tourism),
        ("3 - Học tập", Reason::Study),
        ("20", Reason::Other),
        ("Lý do khác", Reason::Other),
        ("Study", Reason::Study),
        ("làm việc", Reason::Work),
        ("Thăm người thân, bạn bè", Reason::Visit),
    ] {
        assert_eq!(reason(text).ok(), Some(wanted), "{text}");
    }
    assert!(reason("2").is_err() && reason("nghỉ mát").is_err());
}

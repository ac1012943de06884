use super::*;
use crate::stays::model::DocumentKind;

// The specimens of Doc 9303 parts 4, 6 and 5.
const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD2_CARD: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6";
const TD1_CARD: &str = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<";

fn typed(name: &str, number: &str) -> TypedGuest {
    TypedGuest {
        full_name: PersonName::parse(name).unwrap(),
        date_of_birth: PartialDate::parse("1974-08-12").unwrap(),
        sex: Some(Sex::Female),
        nationality: "UTO".to_owned(),
        document: Some(Document { kind: DocumentKind::Passport, number: number.to_owned() }),
        mrz: None,
        address: None,
        phone: None,
    }
}

#[test]
fn the_specimens_are_sound_and_one_wrong_character_is_not() {
    for specimen in [PASSPORT, TD2_CARD, TD1_CARD] {
        let zone = Mrz::parse(specimen).unwrap();
        assert!(zone.is_sound(), "{specimen}");
        assert_eq!((zone.nationality().as_str(), zone.sex()), ("UTO", Some(Sex::Female)));
        let wrong = Mrz::parse(&specimen.replace("740812", "740813")).unwrap();
        assert!(!wrong.is_sound(), "{specimen}");
    }
    assert_eq!(Mrz::parse(PASSPORT).unwrap().document_number(), "L898902C3");
}

#[test]
fn what_was_typed_is_held_against_it() {
    let zone = Mrz::parse(PASSPORT).unwrap();
    assert!(zone.agrees_with(&typed("Anna Maria Eriksson", "L898902C3")));
    assert!(zone.agrees_with(&typed("ERIKSSON Anna-Maria", "l898902c3")));
    assert!(!zone.agrees_with(&typed("Anna Eriksen", "L898902C3")));
    assert!(!zone.agrees_with(&typed("Anna Maria Eriksson", "L898902C4")));
    let other_day = TypedGuest {
        date_of_birth: PartialDate::parse("1974-08-13").unwrap(),
        ..typed("Anna Maria Eriksson", "L898902C3")
    };
    assert!(!zone.agrees_with(&other_day));
    assert!(zone.had_expired_on(CivilDate::constant(2012, 4, 16)));
    assert!(!zone.had_expired_on(CivilDate::constant(2012, 4, 15)));
}

#[test]
fn names_are_written_as_the_zone_writes_them() {
    assert_eq!(fold("Nguyễn Thị Đào", false).as_deref(), Some("NGUYEN THI DAO"));
    assert_eq!(fold("Jürgen Weiß", true).as_deref(), Some("JUERGEN WEISS"));
    assert_eq!(fold("王小明", false), None);
}

/// Fills up two lines and ends the second with its digit.
fn card(first: &str, second: &str, names: &str) -> Mrz {
    let (first, second) = (format!("{first:<<30}"), format!("{second:<<29}"));
    let covered = [&first[5..30], &second[..7], &second[8..15], &second[18..29]].concat();
    let digit = (0..10).map(|digit| digit.to_string()).find(|digit| digit_fits(&covered, digit)).unwrap();
    Mrz::parse(&format!("{first}{second}{digit}{names:<<30}")).unwrap()
}

#[test]
fn a_card_of_viet_nam_is_known_by_its_holders_number() {
    let zone = card("IDVNM0990000017097099000001<<1", "9903159M3903157VNM", "NGUYEN<<VAN<AN");
    assert!(zone.is_sound());
    assert_eq!((zone.document_number().as_str(), zone.nationality().as_str()), ("099000001", "VNM"));
    assert_eq!(zone.personal_number().unwrap().expose(), "097099000001");
    let holder = |kind, number: &str| TypedGuest {
        date_of_birth: PartialDate::parse("1999-03-15").unwrap(),
        sex: Some(Sex::Male),
        nationality: "VNM".to_owned(),
        document: Some(Document { kind, number: number.to_owned() }),
        ..typed("Nguyễn Văn An", "")
    };
    assert!(zone.agrees_with(&holder(DocumentKind::CanCuoc, "097099000001")));
    assert!(!zone.agrees_with(&holder(DocumentKind::CanCuoc, "098099000001")));
    assert!(zone.agrees_with(&holder(DocumentKind::Other, "099000001")));
    // The same number in one piece.
    let long = card("IDVNM097099000<0011", "9903159M3903157VNM", "NGUYEN<<VAN<AN");
    assert!(long.is_sound());
    assert_eq!(long.personal_number().unwrap().expose(), "097099000001");
    // Of other countries, what stands there is theirs.
    assert!(card("IDUTO0990000017097099000001", "9903159M3903157UTO", "X<<Y").personal_number().is_none());
    assert!(Mrz::parse(PASSPORT).unwrap().personal_number().is_none());
}

#[test]
fn a_long_number_goes_on_after_a_filler() {
    // The worked example of Doc 9303 part 11, and a number whose digit a filler would change.
    let zone = card("I<UTOD23145890<7349", "3407127M9507122UTO", "STEVENSON<<PETER<JOHN");
    assert!(zone.is_sound());
    assert_eq!(zone.document_number(), "D23145890734");
    let zone = card("I<UTO123456789<AB11", "3407127M9507122UTO", "STEVENSON<<PETER<JOHN");
    assert!(zone.is_sound());
    assert_eq!(zone.document_number(), "123456789AB1");
    assert!(!card("I<UTO123456789<AB15", "3407127M9507122UTO", "STEVENSON<<PETER<JOHN").is_sound());
}

#[test]
fn name_and_birth_date_can_be_taken_from_it() {
    let today = CivilDate::constant(2026, 11, 21);
    let zone = Mrz::parse(PASSPORT).unwrap();
    assert_eq!(zone.full_name().unwrap().expose(), "ERIKSSON ANNA MARIA");
    let born = |text: &str| {
        let zone = Mrz::parse(&PASSPORT.replace("740812", text)).unwrap();
        zone.date_of_birth(today).map(|date| date.to_string())
    };
    for (text, expected) in [
        ("740812", Some("1974-08-12")),
        ("261121", Some("2026-11-21")),
        ("261122", Some("1926-11-22")),
        ("7408<<", Some("1974-08")),
        ("74<<<<", Some("1974")),
        ("<<<<<<", None),
        ("741312", None),
    ] {
        assert_eq!(born(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn other_shapes_are_told_apart() {
    assert_eq!(Mrz::parse("P<UTO"), Err(MrzFault::Shape));
    assert_eq!(Mrz::parse(&PASSPORT.replace('<', "*")), Err(MrzFault::Letters));
}

use dancu::qr::image::{ImageKind, Symbol};
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::shown::{VERIFY, issue, verdict};
use crate::api::citizens::desk::{Answer, Desk, PORTAL, read};
use crate::support::photos::{hard, pixels};

async fn upload(desk: &Desk, picture: Vec<u8>) -> Answer {
    let token = desk.house.token("portal").await;
    let form = Form::new().part("image", Part::bytes(picture).file_name("photo.png")).text("purpose", PORTAL);
    read(desk.request(VERIFY).bearer_auth(token).multipart(form)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_read_and_a_hostile_one_named() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let (_, payload) = desk.give(&issue(json!({}))).await;
    let picture = Symbol::of_text(&payload).unwrap().draw(ImageKind::Png);
    let good = upload(&desk, picture.clone()).await;
    assert_eq!(verdict(&good), ("valid".to_owned(), true), "{}", good.text);
    let blank = {
        let mut file = std::io::Cursor::new(Vec::new());
        image::GrayImage::new(300, 200).write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    };
    for (picture, code) in [
        (one_colour(30_000, 30_000), "image_too_large"),
        (one_colour(12_600_000, 1), "image_side_too_long"),
        (corners(), "image_too_many_patterns"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "image_format"),
        (picture[..picture.len() / 2].to_vec(), "image_damaged"),
        (Vec::new(), "image_format"),
        (blank, "no_symbol"),
    ] {
        let answer = upload(&desk, picture).await;
        assert_eq!(answer.problem(), (422, "unreadable-qr".to_owned()), "{code}");
        assert_eq!(answer.faults(), [("/image".to_owned(), code.to_owned())]);
    }
    let token = desk.house.token("portal").await;
    let form = Form::new().text("purpose", PORTAL);
    let missing = read(desk.request(VERIFY).bearer_auth(&token).multipart(form)).await;
    assert_eq!(missing.faults(), [("/image".to_owned(), "missing".to_owned())]);
    let form = Form::new().part("image", Part::bytes(vec![0; 13 << 20])).text("purpose", PORTAL);
    let large = desk.request(VERIFY).bearer_auth(&token).multipart(form).send().await;
    assert!(large.is_err() || large.unwrap().status() == 413);
}

/// A whole picture of one colour: 900 megapixels in under a megabyte.
fn one_colour(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let row = vec![0; width.div_ceil(8) as usize];
    for _ in 0..height {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    writer.finish().unwrap();
    file
}

/// 2 400 finder patterns.
fn corners() -> Vec<u8> {
    let picture = image::GrayImage::from_fn(60 * 36, 40 * 36, |x, y| {
        let ring = |at: u32| (at / 4 % 9).abs_diff(4);
        image::Luma([if matches!(ring(x).max(ring(y)), 0 | 1 | 3) { 0 } else { 255 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Uploads that never end hold one client's share of the room for pictures: its next is refused at once, and
/// another client's is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_holds_only_its_share_of_the_room_for_pictures() {
    let desk = Desk::open(&crate::support::Backend::sqlite()).await;
    let (_, payload) = desk.give(&issue(json!({}))).await;
    let picture = Symbol::of_text(&payload).unwrap().draw(ImageKind::Png);
    let token = desk.house.token("portal").await;
    let silent = || {
        let parts = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request =
            desk.request(VERIFY).bearer_auth(&token).header("content-type", "multipart/form-data; boundary=x");
        let request = request.body(reqwest::Body::wrap_stream(parts));
        tokio::spawn(async move { drop(request.send().await) })
    };
    let held: Vec<_> = (0..6).map(|_| silent()).collect();
    let begun = std::time::Instant::now();
    let refused = loop {
        let answer = upload(&desk, picture.clone()).await;
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(7), "they hold no room");
    };
    assert_eq!(refused.problem(), (429, "too-many-at-once".to_owned()));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    let bank = desk.house.token("bank").await;
    let purpose = crate::api::citizens::desk::BANK;
    let form = Form::new().part("image", Part::bytes(picture).file_name("photo.png")).text("purpose", purpose);
    let other = read(desk.request(VERIFY).bearer_auth(bank).multipart(form)).await;
    assert_eq!(other.status, 200, "{}", other.text);
    held.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Small ones: the decoder is slow without optimisation. `examples/qr_photos.rs` takes large ones,
/// and more kinds of hard ones.
#[test]
fn photos_of_a_desk_are_read() {
    let text = "6BF+70390T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC*WIFN0AHCD8KD97TK0F90K";
    let symbol = pixels(&Symbol::of_text(text).unwrap().to_png());
    let wanted = ["good", "turned by 45°", "turned by 160°", "low contrast", "JPEG of quality 20"];
    for (name, shot) in hard().into_iter().filter(|(name, _)| wanted.contains(name)) {
        let photo = shot.of_size(800, 600).take(&symbol);
        assert_eq!(dancu::qr::image::read_qr(&photo).as_deref(), Ok(text), "{name}");
    }
}

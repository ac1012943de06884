//! Files of many guests at the desk.

use super::desk::{at_desk, birth};
use super::holder::reachable;
use crate::support::{Backend, Browser, Installation, Screen};

/// The template's header and three guests, of whom two have faults.
fn file(site: &Installation, header: &str) -> String {
    let guest = reachable();
    let day = |days| {
        let date = site.app.ground.clock.now().date_in_viet_nam().plus_days(days).expect("a date");
        format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
    };
    let row = |name: &str, born: &str, number: &str, until: i32| {
        let (from, until) = (day(0), day(until));
        format!(",{name},{born},M,VNM,1,,{number},,,,,,{from} 00:05,{until},201,1,,")
    };
    let number = guest.id_number.expose();
    let good = row(guest.full_name.expose(), &birth(&guest), number, 1);
    let born = row("Nguyễn Văn Sai", "31/02/1999", number, 1);
    let twice = row("", "01/01/1990", number, -1);
    format!("{header}\r\n{good}\r\n{born}\r\n{twice}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_told_by_row_and_column_and_come_back_as_a_file() {
    let Some(browser) = Browser::start() else { return };
    let backend = Backend::sqlite();
    let site = Installation::start(&backend).await;
    let template = reqwest::get(format!("{}/v1/stays/template.csv", site.url)).await.expect("an answer");
    assert!(template.headers()["content-disposition"].to_str().unwrap().contains("attachment"));
    let template = template.text().await.expect("text");
    let path = backend.dir().join("guests.csv");
    std::fs::write(&path, file(&site, template.trim_end())).expect("the file is written");
    let tab = at_desk(&browser, &site, Screen::Desktop, "vi").await;
    tab.click("nav.tabs a[href='/desk/file']").await;
    tab.says("Nộp một tệp nhiều khách").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-file-vi-desktop").await;

    // Only checked: nobody is reported.
    let choose = || async { tab.find("#file").await.send_keys(path.to_str().expect("a path")).await.expect("a file") };
    choose().await;
    tab.click("button[value=try]").await;
    tab.says("Có dòng cần sửa").await;
    tab.says("đúng 1, cần sửa 2").await;
    tab.says("Chưa báo khách nào").await;
    assert_eq!(tab.flaws().await, [""; 0]);

    choose().await;
    tab.click("button[value=send]").await;
    tab.says("Đã nhận các dòng đúng").await;
    tab.says("đã nhận 1, cần sửa 2").await;
    let cells = tab.run("return [...document.querySelectorAll('.faults tbody tr')].map((r) => r.innerText)").await;
    let cells: Vec<String> = serde_json::from_value(cells).expect("rows");
    let told = |row: &str, column: &str| cells.iter().any(|text| text.starts_with(row) && text.contains(column));
    assert!(told("3", "C · Ngày sinh"), "{cells:?}");
    assert!(told("4", "B · Họ và tên"), "{cells:?}");
    assert!(told("4", "O · Ngày đi dự kiến"), "{cells:?}");
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-file-faults-vi-desktop").await;
    let link = tab.run("return document.querySelector('a[download^=can-sua]').href").await;
    let link = link.as_str().expect("a link");
    let content = link.split_once(";base64,").expect("base64").1;
    let content = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, content).expect("base64");
    let content = String::from_utf8(content).expect("UTF-8");
    assert!(content.contains("Nguyễn Văn Sai") && content.contains("Lỗi cần sửa"), "{content}");
    assert!(!content.contains(reachable().full_name.expose()), "{content}");

    tab.click("a[href='/desk#today']").await;
    tab.says(reachable().full_name.expose()).await;
    assert_eq!(tab.run("return document.querySelectorAll('tr.open').length").await, 1);

    // What is no file of guests is told in words.
    std::fs::write(&path, "a,b\n1,2\n").expect("the file is written");
    tab.click("nav.tabs a[href='/desk/file']").await;
    choose().await;
    tab.click("button[value=send]").await;
    tab.says("Không thấy dòng tiêu đề").await;
    assert_eq!(tab.flaws().await, [""; 0]);
    tab.picture("desk-file-unread-vi-desktop").await;
    tab.close().await;
    site.stop().await;
}

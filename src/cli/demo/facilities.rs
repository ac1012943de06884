//! The sample facilities of the sample clients.

use crate::app::App;
use crate::audit::Operator;
use crate::kernel::{ClientId, CommuneCode};
use crate::stays::model::FacilityKind;
use crate::stays::{FacilitiesError, NewFacility};

/// Whose, what, where: the first two lie in different communes of one city, the third in another. The
/// load generator has one of its own.
const SAMPLES: [(&str, &str, FacilityKind, &str, &str); 4] = [
    ("hotel", "Khách sạn Hồ Gươm (mẫu)", FacilityKind::Hotel, "00070", "Số 1, phố Hàng Trống"),
    ("hotel", "Nhà nghỉ Ba Đình (mẫu)", FacilityKind::Guesthouse, "00004", "Số 2, phố Đội Cấn"),
    ("hotel", "Nhà trọ Bến Thành (mẫu)", FacilityKind::RentedRoom, "26743", "Số 3, đường Lê Lợi"),
    ("loadtest", "Khách sạn đo tải (mẫu)", FacilityKind::Hotel, "00070", "Số 9, phố Hàng Trống"),
];

/// Enters the facilities of clients that have none yet.
pub async fn enter(app: &App, by: &Operator) -> Result<(), FacilitiesError> {
    let register = app.stays.register();
    let known = register.list(None).await?;
    for (client, name, kind, commune, address) in SAMPLES {
        let Ok(client) = client.parse::<ClientId>() else { continue };
        let Ok(commune) = CommuneCode::parse(commune) else { continue };
        if known.iter().any(|facility| facility.client == client) {
            continue;
        }
        let new = NewFacility { client, name: name.to_owned(), kind, commune, address: address.to_owned() };
        register.add(new, by, app.ground.clock.now(), &*app.ground.entropy).await?;
    }
    Ok(())
}

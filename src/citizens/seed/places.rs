//! Where people live and were born: today's communes with weights like the population's, and the
//! old names that papers still carry.

use crate::citizens::model::Place;
use crate::kernel::units::{Commune, UnitKind, Units};

use super::chance::{Chance, Weighted};
use super::names::People;
use super::words::{self, Tradition};

/// Thousands of inhabitants by province code (Resolution 202/2025/QH15).
const POPULATION: [(u8, u32); 34] = [
    (1, 8807),
    (4, 573),
    (8, 1865),
    (11, 673),
    (12, 512),
    (14, 1404),
    (15, 1778),
    (19, 1799),
    (20, 881),
    (22, 1497),
    (24, 3619),
    (25, 4022),
    (31, 4664),
    (33, 3567),
    (37, 4412),
    (38, 4324),
    (40, 3831),
    (42, 1622),
    (44, 1870),
    (46, 1432),
    (48, 3065),
    (51, 2161),
    (52, 3583),
    (56, 2243),
    (66, 3346),
    (68, 3872),
    (75, 4491),
    (79, 14002),
    (80, 3254),
    (82, 4370),
    (86, 4257),
    (91, 4952),
    (92, 4199),
    (96, 2606),
];

/// The first province code of the south in spelling (`Võ`, `Huỳnh`): Quảng Trị.
const SOUTH_FROM: u8 = 44;

const KINH: People = People { code: "01", tradition: Tradition::Kinh, families: words::NO_FAMILY };
const TAY: People = People { code: "02", tradition: Tradition::Northern, families: words::TAY_NUNG };
const THAI: People = People { code: "03", tradition: Tradition::Northern, families: words::THAI };
const KHMER: People = People { code: "05", tradition: Tradition::Khmer, families: words::KHMER };
const MUONG: People = People { code: "06", tradition: Tradition::Northern, families: words::MUONG };
const NUNG: People = People { code: "07", tradition: Tradition::Northern, families: words::TAY_NUNG };
const HMONG: People = People { code: "08", tradition: Tradition::Hmong, families: words::HMONG };
const DAO: People = People { code: "09", tradition: Tradition::Northern, families: words::DAO };
const JARAI: People = People { code: "10", tradition: Tradition::Jarai, families: words::JARAI };
const EDE: People = People { code: "12", tradition: Tradition::Ede, families: words::EDE };
const BAHNAR: People = People { code: "13", tradition: Tradition::Bahnar, families: words::NO_FAMILY };
const KOHO: People = People { code: "16", tradition: Tradition::Koho, families: words::NO_FAMILY };

/// A commune people live in.
pub struct Home {
    pub commune: &'static Commune,
    /// Code of its province.
    pub province: u8,
    pub southern: bool,
}

/// Somewhere to be born: an old province and its number prefix, a commune of today, and the name
/// its ward had before.
pub struct Birthplace {
    pub prefix: u16,
    pub place: Place,
}

/// The map people are drawn onto.
pub struct Places {
    homes: Vec<Home>,
    weights: Weighted<u16>,
    /// By province code: birthplaces in it.
    births: Vec<Vec<Birthplace>>,
    provinces: Weighted<u8>,
}

impl Places {
    pub fn new() -> Self {
        let units = Units::shared();
        let homes: Vec<Home> = units
            .communes()
            .iter()
            .map(|commune| {
                let province = commune.province.number();
                Home { commune, province, southern: province >= SOUTH_FROM }
            })
            .collect();
        let inhabitants = |code: u8| POPULATION.iter().find(|(province, _)| *province == code).map_or(0, |(_, n)| *n);
        let mut sizes = [0_u32; 100];
        homes.iter().for_each(|home| sizes[usize::from(home.province)] += size(home.commune));
        let weights = homes.iter().enumerate().map(|(index, home)| {
            let share = u64::from(inhabitants(home.province)) * 30 * u64::from(size(home.commune));
            (index as u16, (share / u64::from(sizes[usize::from(home.province)].max(1))) as u32)
        });
        let weights = Weighted::new(weights);
        Self { weights, births: births(units), provinces: Weighted::new(POPULATION), homes }
    }

    pub fn home(&self, chance: &mut Chance) -> &Home {
        &self.homes[usize::from(self.weights.draw(chance))]
    }

    /// Where somebody who lives in `province` was born: mostly there, the smaller peoples nearly always.
    pub fn birthplace(&self, province: u8, people: People, chance: &mut Chance) -> &Birthplace {
        let stays = if people.tradition == Tradition::Kinh { 820 } else { 985 };
        let province = if chance.happens(stays) { province } else { self.provinces.draw(chance) };
        let places = &self.births[usize::from(province)];
        &places[chance.below(places.len() as u32) as usize]
    }

    /// A people as they are spread over the provinces.
    pub fn people(&self, home: &Home, chance: &mut Chance) -> People {
        let shares: &[(People, u32)] = match home.province {
            4 | 20 => &[(TAY, 420), (NUNG, 350), (DAO, 60), (HMONG, 60)],
            8 | 19 => &[(TAY, 260), (DAO, 100), (HMONG, 160), (NUNG, 80)],
            11 | 12 | 14 => &[(THAI, 450), (HMONG, 270), (DAO, 40)],
            15 => &[(TAY, 180), (HMONG, 200), (DAO, 120), (THAI, 60)],
            25 => &[(MUONG, 180), (DAO, 15)],
            38 | 40 => &[(THAI, 90), (MUONG, 60)],
            51 => &[(BAHNAR, 160), (JARAI, 30)],
            52 => &[(JARAI, 190), (BAHNAR, 80)],
            66 => &[(EDE, 170), (NUNG, 30), (TAY, 20)],
            68 => &[(KOHO, 70), (EDE, 10), (NUNG, 15)],
            86 | 92 => &[(KHMER, 170)],
            91 | 96 => &[(KHMER, 70)],
            _ => &[(TAY, 4), (MUONG, 4), (NUNG, 3)],
        };
        let mut point = chance.below(1000);
        for (people, share) in shares {
            if point < *share {
                return *people;
            }
            point -= share;
        }
        KINH
    }
}

/// Wards hold more people than communes, special zones few; the code spreads it a little.
fn size(commune: &Commune) -> u32 {
    let base = match commune.kind {
        UnitKind::Ward => 160,
        UnitKind::Commune => 100,
        UnitKind::SpecialZone => 15,
    };
    base + base * (commune.code.number() * 7919 % 97) / 100
}

fn births(units: &'static Units) -> Vec<Vec<Birthplace>> {
    let mut births: Vec<Vec<Birthplace>> = std::iter::repeat_with(Vec::new).take(100).collect();
    for commune in units.communes() {
        for ward in units.predecessors(commune.code) {
            let parts = [ward.name, ward.district, ward.province_name];
            let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            births[usize::from(commune.province.number())].push(Birthplace {
                prefix: u16::from(ward.province.number()),
                place: Place { unit: Some(commune.code.to_string()), text: Some(text) },
            });
        }
    }
    births
}

//! How far the old national systems can be trusted on the way to CGCS2000: which shift of datum is applied, and where it
//! comes from. The exact one is each city's own, and not public.

use super::catalogue::{self, Family};
use super::crs::Crs;
use super::definition::Words;
use super::own::OwnForm;

/// What a person should know of the shift of datum that a system is converted with, in Chinese and in English; none for
/// systems on the datum of CGCS2000 or WGS 84, and for those of one's own that bring their parameters.
pub fn note(crs: Crs) -> Option<(String, String)> {
    match crs.own().map(|own| own.form.clone()) {
        Some(OwnForm::PlaneShift { base, .. } | OwnForm::Swapped { base }) => return note(base),
        Some(OwnForm::Proj(_) | OwnForm::DatumShift { .. }) => return None,
        None => {}
    }
    let (zh, en) = match catalogue::entry(crs)?.family {
        Family::Beijing1954 => ("1954北京坐标系", "Beijing 1954"),
        Family::Xian1980 => ("1980西安坐标系", "Xi'an 1980"),
        Family::NewBeijing => ("新1954北京坐标系", "New Beijing"),
        Family::Cgcs2000 | Family::Wgs84 | Family::Shifted => return None,
    };
    let own = format!("--crs \"+base={crs} +position_vector=dX,dY,dZ,rX,rY,rZ,ppm\"");
    let words = crs.proj_words()?;
    // EPSG:15921, "China - south and west Tarim basin", 1 m there.
    Some(match Words::read(&words).numbers("towgs84") {
        Some(numbers) => {
            let shift = numbers.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (
                format!(
                    "{zh}按 EPSG 的三参数（{shift} 米）换算，该参数取自塔里木盆地，别处可差几米到几十米；有本地七参数时用 {own}"
                ),
                format!(
                    "{en} is converted with EPSG's shift ({shift} m), which was made for the Tarim basin: elsewhere it may be \
                     metres to tens of metres off; with seven parameters of your own use {own}"
                ),
            )
        }
        None => (
            format!("{zh}没有公开的转换参数，经纬度按 CGCS2000 使用，可差几十米到上百米；有本地七参数时用 {own}"),
            format!(
                "{en} has no public parameters: its degrees are taken for CGCS2000, which may be tens of metres off, or more \
                 than a hundred; with seven parameters of your own use {own}"
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_systems_say_how_they_are_converted_and_others_nothing() {
        let told = |crs: Crs| note(crs).map(|(zh, en)| format!("{zh}|{en}")).unwrap_or_default();
        assert!(told(Crs::Epsg(2436)).contains("15.8, -154.4, -82.3"), "{}", told(Crs::Epsg(2436)));
        assert!(told(Crs::Epsg(2384)).contains("+base=EPSG:2384 +position_vector="), "{}", told(Crs::Epsg(2384)));
        for crs in [Crs::Epsg(4548), Crs::WGS84, Crs::Gcj02, Crs::Unknown] {
            assert_eq!(told(crs), "", "{crs}");
        }
        let parameters = "+base=EPSG:2384 +position_vector=10,-20,30,1.1,-2.2,3.3,4.4";
        assert_eq!(told(Crs::parse(parameters).expect(parameters)), "");
    }
}

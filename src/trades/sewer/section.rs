//! Sizes of sections as people write them: `DN500` of circles, width by height of others.

use super::pipe::Pipe;

/// The size of a section, millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// Nominal size of a circle, height of another section.
    pub height_mm: Option<f64>,
    /// Width of a section that is no circle.
    pub width_mm: Option<f64>,
    /// Whether it is no circle.
    pub is_shaped: bool,
}

/// What tells one size from another: whether it is no circle, and the bits of its height and width.
pub(super) type SizeKey = (bool, Option<u64>, Option<u64>);

impl Size {
    /// That of a pipe. Where nobody says what the section is, two sizes that differ are those of no circle.
    pub fn of(pipe: &Pipe) -> Self {
        let [height_mm, width_mm] = [pipe.diameter_mm, pipe.width_mm].map(|size| size.filter(|size| *size > 0.0));
        let is_shaped = match &*pipe.section {
            "circle" => false,
            "" => height_mm.zip(width_mm).is_some_and(|(height, width)| (height - width).abs() >= 1.0),
            _ => true,
        };
        Self { height_mm, width_mm: width_mm.filter(|_| is_shaped), is_shaped }
    }

    /// `DN500`, `2000×1500`, or `2000×?` where one of the two is missing; `None` where no size is known.
    pub fn words(&self) -> Option<String> {
        let Self { height_mm, width_mm, is_shaped } = *self;
        if !is_shaped {
            return height_mm.map(|size| format!("DN{size}"));
        }
        height_mm.or(width_mm)?;
        let side = |size: Option<f64>| size.map_or_else(|| "?".to_owned(), |size| size.to_string());
        Some(format!("{}×{}", side(width_mm), side(height_mm)))
    }

    pub(super) fn key(&self) -> SizeKey {
        (self.is_shaped, self.height_mm.map(f64::to_bits), self.width_mm.map(f64::to_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_never_written_as_a_diameter() {
        #[track_caller]
        fn check(section: &str, height_mm: Option<f64>, width_mm: Option<f64>, want: Option<&str>) {
            let pipe = Pipe { section: section.into(), diameter_mm: height_mm, width_mm, ..Pipe::default() };
            assert_eq!(Size::of(&pipe).words().as_deref(), want);
        }
        check("circle", Some(500.0), None, Some("DN500"));
        check("", Some(300.0), Some(300.0), Some("DN300"));
        check("", Some(600.0), Some(900.0), Some("900×600"));
        check("ellipse", Some(500.0), Some(375.0), Some("375×500"));
        check("rectangle", None, Some(1825.0), Some("1825×?"));
        check("ellipse", Some(500.0), None, Some("?×500"));
        check("rectangle", None, None, None);
        check("", Some(0.0), None, None);
    }
}

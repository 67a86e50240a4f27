//! The map's picture on the screen: asks the session for one when the view has changed, shows the last one until it comes.

use egui::{Color32, ColorImage, Context, Rect, TextureHandle, TextureOptions, Ui, pos2};

use super::camera::{Camera, View};
use crate::session::Session;
use crate::session::painting::{MapPicture, MapRequest};
use crate::text::Lang;

/// Painted around the view, logical pixels, so that panning shows no gap.
const MARGIN_PX: f64 = 256.0;

/// What a picture shows besides its place: a change of any of these makes it stale.
#[derive(Clone, Debug, PartialEq)]
struct Contents {
    city: Option<std::path::PathBuf>,
    revision: u64,
    lang: Lang,
    dark: bool,
}

struct Shown {
    request: MapRequest,
    contents: Contents,
    texture: TextureHandle,
}

#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    request: MapRequest,
    contents: Contents,
}

/// What the diagnostics show of the last picture.
#[derive(Clone, Copy, Debug, Default)]
pub struct PictureFacts {
    /// Features painted.
    pub features: usize,
    /// Positions painted.
    pub vertices: usize,
    /// From the request to the last pixel, milliseconds.
    pub millis: f64,
    /// Physical pixels.
    pub size: [usize; 2],
    /// Pictures since the window opened.
    pub count: u64,
}

/// Pictures that are shown and asked for.
#[derive(Default)]
pub struct Picture {
    shown: Option<Shown>,
    /// A picture of a wider view, below the shown one: zooming out shows the city instead of nothing.
    under: Option<Shown>,
    wanted: Option<Wanted>,
    facts: PictureFacts,
}

impl Picture {
    /// What the diagnostics show.
    pub fn facts(&self) -> PictureFacts {
        self.facts
    }

    /// Whether the picture on the screen is not yet the one of this view.
    pub fn is_waiting(&self) -> bool {
        self.wanted.is_some()
    }

    /// Takes in the newest picture, if there is one.
    pub fn take(&mut self, ctx: &Context, session: &mut Session) {
        let Some(picture) = session.take_map() else { return };
        let wanted = self.wanted.take_if(|wanted| wanted.request == picture.request);
        let contents = wanted.map_or_else(|| contents(session), |wanted| wanted.contents);
        self.facts = PictureFacts {
            features: picture.features,
            vertices: picture.vertices,
            millis: picture.millis,
            size: picture.size,
            count: self.facts.count + 1,
        };
        let Some(texture) = upload(ctx, &picture) else { return };
        let new = Shown { request: picture.request, contents, texture };
        let old = self.shown.replace(new);
        self.keep_under(old);
    }

    /// Keeps the widest of the two older pictures, unless it shows other contents.
    fn keep_under(&mut self, old: Option<Shown>) {
        let Some(new) = &self.shown else { return };
        let fits =
            |other: &Shown| other.contents == new.contents && extent(&other.request) > extent(&new.request) * 1.5;
        let candidates = [self.under.take(), old].into_iter().flatten().filter(fits);
        self.under = candidates.max_by(|left, right| extent(&left.request).total_cmp(&extent(&right.request)));
    }

    /// Asks for a picture of what the camera sees, if the shown one will not do.
    pub fn request(&mut self, ctx: &Context, session: &mut Session, camera: &Camera) {
        if session.city().is_none() {
            *self = Self { facts: self.facts, ..Self::default() };
            return;
        }
        let contents = contents(session);
        let request = request(ctx, camera, contents.dark);
        if self.shown.as_ref().is_some_and(|shown| shown.contents == contents && does(&shown.request, &request, camera))
        {
            self.wanted = None;
            return;
        }
        let is_wanted = |wanted: &Wanted| wanted.contents == contents && does(&wanted.request, &request, camera);
        if self.wanted.as_ref().is_some_and(is_wanted) {
            return;
        }
        // The painter finishes a picture that is near enough and takes up the newest request after it.
        self.wanted = Some(Wanted { request, contents });
        session.request_map(request);
    }

    /// Draws what there is, at its place.
    pub fn draw(&self, ui: &Ui, map: Rect, camera: &Camera) {
        let painter = ui.painter().with_clip_rect(map);
        for shown in [&self.under, &self.shown].into_iter().flatten() {
            let rect = place(&shown.request, map, camera, ui.pixels_per_point());
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(shown.texture.id(), rect, whole, Color32::WHITE);
        }
    }
}

fn contents(session: &Session) -> Contents {
    let city = session.city();
    Contents {
        city: city.map(|city| city.path.clone()),
        revision: city.map_or(0, |city| city.revision),
        lang: session.lang(),
        dark: session.settings().theme == crate::session::settings::Theme::Dark,
    }
}

/// World width of a picture.
fn extent(request: &MapRequest) -> f64 {
    f64::from(request.size_px[0]) * request.metres_per_px
}

/// The picture that would be best for what the camera sees now.
fn request(ctx: &Context, camera: &Camera, dark: bool) -> MapRequest {
    let pixel_ratio = ctx.pixels_per_point();
    let most = ctx.input(|input| input.max_texture_side) as f64 / f64::from(pixel_ratio);
    let size_px = camera.size_px().map(|side| (side + 2.0 * MARGIN_PX).min(most).floor() as u32);
    let View { center_world, metres_per_px } = camera.view();
    MapRequest { center_world, metres_per_px, size_px, pixel_ratio, dark }
}

/// Whether a picture serves as well as the ideal one: same scale and sharpness, and the view inside it with room to spare.
fn does(have: &MapRequest, ideal: &MapRequest, camera: &Camera) -> bool {
    let same_scale = (have.metres_per_px / ideal.metres_per_px - 1.0).abs() < 1e-9;
    let same_look = have.dark == ideal.dark && (have.pixel_ratio - ideal.pixel_ratio).abs() < 1e-6;
    let room = |axis: usize| {
        let spare = (f64::from(have.size_px[axis]) - camera.size_px()[axis]) / 2.0;
        let moved = (have.center_world[axis] - ideal.center_world[axis]).abs() / have.metres_per_px;
        // Half of the margin is used up before a new picture is asked for; the other half shows until it comes.
        moved <= (spare / 2.0).max(0.5) && spare >= 0.0
    };
    same_scale && same_look && room(0) && room(1)
}

/// Where a picture lies on the screen; on whole pixels where it is drawn at its own scale.
fn place(request: &MapRequest, map: Rect, camera: &Camera, pixels_per_point: f32) -> Rect {
    let zoom = request.metres_per_px / camera.view().metres_per_px;
    let [x, y] = camera.screen_from_world(request.center_world);
    let size = request.size_px.map(|side| f64::from(side) * zoom);
    let at = |value: f64, origin: f32| {
        let exact = value + f64::from(origin);
        let ratio = f64::from(pixels_per_point);
        let is_sharp = (zoom - 1.0).abs() < 1e-9;
        if is_sharp { ((exact * ratio).round() / ratio) as f32 } else { exact as f32 }
    };
    let min = pos2(at(x - size[0] / 2.0, map.left()), at(y - size[1] / 2.0, map.top()));
    Rect::from_min_size(min, egui::vec2(size[0] as f32, size[1] as f32))
}

/// `None` for a picture whose bytes do not fit its size.
fn upload(ctx: &Context, picture: &MapPicture) -> Option<TextureHandle> {
    let [width, height] = picture.size;
    if width == 0 || height == 0 || picture.rgba.len() != width * height * 4 {
        return None;
    }
    let image = ColorImage::from_rgba_premultiplied(picture.size, &picture.rgba);
    Some(ctx.load_texture("map", image, TextureOptions::LINEAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        let mut camera = Camera::default();
        camera.resize([800.0, 600.0]);
        camera.go(View { center_world: [1000.0, 2000.0], metres_per_px: 2.0 });
        camera
    }

    fn ideal(camera: &Camera) -> MapRequest {
        let View { center_world, metres_per_px } = camera.view();
        MapRequest { center_world, metres_per_px, size_px: [1312, 1112], pixel_ratio: 1.0, dark: false }
    }

    #[test]
    fn a_picture_does_until_half_its_margin_is_used_up() {
        let mut camera = camera();
        let have = ideal(&camera);
        camera.pan_px([100.0, 0.0]);
        assert!(does(&have, &ideal(&camera), &camera));
        camera.pan_px([60.0, 0.0]);
        assert!(!does(&have, &ideal(&camera), &camera));
    }

    #[test]
    fn another_scale_needs_another_picture() {
        let mut camera = camera();
        let have = ideal(&camera);
        camera.zoom(1.01);
        assert!(!does(&have, &ideal(&camera), &camera));
    }

    #[test]
    fn a_picture_lies_where_its_world_is() {
        let camera = camera();
        let map = Rect::from_min_size(pos2(288.0, 76.0), egui::vec2(800.0, 600.0));
        let rect = place(&ideal(&camera), map, &camera, 1.0);
        assert_eq!(rect.center(), map.center());
        assert_eq!(rect.size(), egui::vec2(1312.0, 1112.0));
    }
}

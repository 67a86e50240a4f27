//! A sheet of paper on the screen before it is printed: the same pages, drawn small, off the drawing thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::render::painter;
use crate::render::view::View;
use crate::store::city::City;
use crate::task::{Cancel, Cancelled};
use crate::text::Text;

use super::{Pages, Printed};
use crate::session::Session;
use crate::session::answer::{Failure, FailureKind, RenderRequest};
use crate::session::events::Event;
use crate::session::ground;
use crate::session::state::LayerView;

/// What is to be seen of a sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewWish {
    /// As it would be printed; its pixel ratio says how large the picture is.
    pub request: RenderRequest,
    /// Which page of a series, from 0; beyond the last one the last.
    pub page: usize,
}

/// A page as it would be printed.
#[derive(Debug)]
pub struct SheetPicture {
    /// Width and height, physical pixels.
    pub size: [usize; 2],
    /// RGBA; the paper is white, nothing is clear.
    pub rgba: Vec<u8>,
    /// Which page.
    pub page: usize,
    /// Pages in all.
    pub pages: usize,
    /// What a page of a series is called.
    pub name: Option<String>,
    /// Middle, scale and turn of its map, in logical pixels of the sheet.
    pub view: View,
}

/// What there is of a preview.
#[derive(Clone, Copy, Debug)]
pub struct PreviewState<'a> {
    /// The last picture, which may be one change behind.
    pub picture: Option<&'a Arc<SheetPicture>>,
    /// Why there is no better one.
    pub failure: Option<&'a Text>,
    /// Whether a better one is being drawn.
    pub is_drawing: bool,
}

/// The preview that is on the screen.
#[derive(Default)]
pub(in crate::session) struct Preview {
    asked: Option<(PreviewWish, [u64; 2])>,
    number: u64,
    cancel: Cancel,
    is_drawing: bool,
    picture: Option<Arc<SheetPicture>>,
    failure: Option<Text>,
}

impl Preview {
    /// Takes in a picture, unless something else is wanted by now.
    pub(in crate::session) fn arrive(&mut self, number: u64, end: Result<SheetPicture, Failure>) {
        if number != self.number {
            return;
        }
        self.is_drawing = false;
        match end {
            Ok(picture) => (self.picture, self.failure) = (Some(Arc::new(picture)), None),
            Err(failure) => self.failure = Some(failure.text),
        }
    }
}

impl Session {
    /// Asks for a sheet as it would be printed, in place of what was asked for before; the same again costs nothing.
    pub fn preview_sheet(&mut self, wish: &PreviewWish) {
        let Some(open) = &self.open else { return };
        let now = [open.opening, open.view.revision];
        if self.preview.asked.as_ref().is_some_and(|(asked, then)| asked == wish && *then == now) {
            return;
        }
        let (city, layers, is_sample) = (Arc::clone(&open.city), open.view.layers.clone(), open.view.is_sample);
        self.preview.cancel.cancel();
        let (cancel, number) = (Cancel::default(), self.preview.number + 1);
        let picture = self.preview.picture.take();
        let asked = Some((wish.clone(), now));
        self.preview = Preview { asked, number, cancel: cancel.clone(), is_drawing: true, picture, failure: None };
        let (post, wish) = (self.post.clone(), wish.clone());
        let draw = move || {
            let draw = || draw(&city, layers, is_sample, &wish, &cancel);
            let end = catch_unwind(AssertUnwindSafe(draw)).unwrap_or_else(|_| Err(panicked()));
            post.send(Event::Sheet(number, end));
        };
        if std::thread::Builder::new().name("preview".into()).spawn(draw).is_err() {
            self.preview.arrive(number, Err(panicked()));
        }
    }

    /// What there is of the preview.
    pub fn sheet_preview(&self) -> PreviewState<'_> {
        let Preview { picture, failure, is_drawing, .. } = &self.preview;
        PreviewState { picture: picture.as_ref(), failure: failure.as_ref(), is_drawing: *is_drawing }
    }

    /// Nobody looks at the preview any more.
    pub fn end_preview(&mut self) {
        self.preview.cancel.cancel();
        self.preview = Preview { number: self.preview.number + 1, ..Preview::default() };
    }
}

fn draw(
    city: &City,
    layers: Vec<LayerView>,
    is_sample: bool,
    PreviewWish { request, page }: &PreviewWish,
    cancel: &Cancel,
) -> Result<SheetPicture, Failure> {
    let Some(sheet) = &request.sheet else { return Err(panicked()) };
    let reader = city.reader()?;
    let grounds = ground::shown(&ground::read(&reader, city.path()));
    let printed = Printed { path: city.path(), reader: &reader, layers, grounds, is_sample };
    let mut pages = Pages::new(printed, request, sheet, cancel)?;
    let page = (*page).min(pages.count() - 1);
    let scene = pages.draw(page)?;
    let picture = painter::paint(&scene, cancel).ok_or(Cancelled)?;
    Ok(SheetPicture {
        size: [picture.width as usize, picture.height as usize],
        rgba: picture.rgba,
        page,
        pages: pages.count(),
        name: pages.name(page).map(str::to_owned),
        view: pages.view(page),
    })
}

fn panicked() -> Failure {
    Failure::new(FailureKind::Data, Text::new("这一页画不出来", "This page cannot be drawn"))
}

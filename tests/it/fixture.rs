//! A folder for one test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// A folder of its own, with a Chinese name and a space in it as people have them.
pub(crate) struct Desk {
    folder: TempDir,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code; -1 for a process that was killed.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("九江 城格 ").tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("writable");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of the files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("readable").flatten();
        let mut names: Vec<String> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != "settings");
        names.sort();
        names
    }

    /// The program with these words, ready to start.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_citygrid"));
        command.args(words).current_dir(self.folder.path());
        command.env("CITYGRID_SETTINGS", self.path("settings")).env("LC_ALL", "en_US.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program; it never panics, whatever the words and files.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().expect("the program starts");
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        assert!(!ran.err.contains("panicked"), "{words:?}: {}", ran.err);
        ran
    }

    /// Runs the program, which succeeds.
    #[track_caller]
    pub(crate) fn done(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}\n{}{}", ran.out, ran.err);
        ran
    }

    /// Runs the program with `--json`, which succeeds; what it prints.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Json {
        self.done(&[words, &["--json"]].concat()).json()
    }

    /// Runs the program with `--json`, which fails like this: exit code and kind of error.
    #[track_caller]
    pub(crate) fn fails(&self, words: &[&str], code: i32, kind: &str) -> Json {
        let ran = self.run(&[words, &["--json"]].concat());
        assert_eq!(ran.code, code, "{words:?}\n{}{}", ran.out, ran.err);
        let error = ran.json()["error"].clone();
        assert_eq!(error["kind"], kind, "{words:?}: {error}");
        for lang in ["zh", "en"] {
            assert!(!error[lang].as_str().expect("words").is_empty(), "{words:?}: {error}");
        }
        assert!(!ran.err.is_empty(), "{words:?} says nothing on standard error");
        error
    }

    /// The rows of a layer by id.
    #[track_caller]
    pub(crate) fn rows(&self, city: &str, layer: &str) -> Vec<Json> {
        let mut rows = self.json(&["query", city, "--layer", layer])["features"].as_array().expect("rows").clone();
        rows.sort_by_key(|row| row["id"].as_i64());
        rows
    }

    /// A city `c.gpkg` with the layer `shops` of [`shops`].
    #[track_caller]
    pub(crate) fn city_with_shops(&self) {
        self.write("shops.geojson", shops().to_string());
        self.done(&["import", "shops.geojson", "--into", "c.gpkg"]);
    }
}

impl Ran {
    /// Standard output as the one JSON value that it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Three shops in Jiujiang, with every type of value.
pub(crate) fn shops() -> Json {
    collection(vec![
        point(1, 116.0001, 29.7001, json!({"name": "浔阳楼", "seats": 120, "rating": 4.5, "open": true})),
        point(2, 116.0002, 29.7002, json!({"name": "Cake 'n' Tea", "seats": 8, "rating": 3.25, "open": false})),
        point(3, 116.0003, 29.7003, json!({"name": "烟水亭", "seats": null, "rating": null, "open": true})),
    ])
}

/// A feature collection.
pub(crate) fn collection(features: Vec<Json>) -> Json {
    json!({"type": "FeatureCollection", "features": features})
}

/// A point feature.
pub(crate) fn point(id: i64, lon: f64, lat: f64, properties: Json) -> Json {
    let geometry = json!({"type": "Point", "coordinates": [lon, lat]});
    json!({"type": "Feature", "id": id, "geometry": geometry, "properties": properties})
}

/// A small photo.
pub(crate) fn png() -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(6, 4, |x, y| image::Rgb([x as u8 * 40, y as u8 * 60, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture in memory");
    bytes.into_inner()
}

/// Every Rust file under `folder`, with its path from there (`/` between) and its text.
pub(crate) fn rust_files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut todo = vec![root.clone()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                // What the fuzz targets were built into is nobody's text.
                todo.extend(Some(path).filter(|path| !path.ends_with("target")));
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).expect("below").components();
                let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
                found.push((name.join("/"), fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

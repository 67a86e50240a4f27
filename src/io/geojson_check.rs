//! Whether a piece of text is JSON, and the words for where it is not.

use serde::de::IgnoredAny;

use super::geojson_scan::ScanError;
use crate::text::Text;

/// Whether `text`, which stands at `base` in the file, is one JSON value.
pub(super) fn check_json(text: &[u8], base: u64) -> Result<(), ScanError> {
    let plain = std::str::from_utf8(text)
        .map_err(|error| ScanError::Encoding { byte: base + error.valid_up_to() as u64, utf16: false })?;
    match serde_json::from_str::<IgnoredAny>(plain) {
        Ok(_) => Ok(()),
        Err(error) => {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            Err(ScanError::Malformed { byte: base + byte_of(plain, &error) as u64, what })
        }
    }
}

/// What is wrong with some JSON, said in both languages; `serde_json` says it in English.
pub(super) fn words(what: &str) -> Text {
    let zh = match what {
        "key must be a string" => "此处应有带双引号的名称",
        "expected `,` or `}`" => "此处应为 , 或 }",
        "expected `,` or `]`" => "此处应为 , 或 ]",
        "expected `:`" => "此处应为 :",
        "expected value" => "此处应有一个值",
        "expected ident" => "此处应为 true、false 或 null",
        "trailing characters" => "结束之后还有多余的内容",
        "trailing comma" => "有多余的逗号",
        "invalid number" => "数字写法有误",
        "number out of range" => "数字超出范围",
        "invalid escape" => "文字中的转义写法有误",
        "invalid UTF-8" => "文字不是 UTF-8 编码",
        _ if what.starts_with("control character") => "文字中有控制字符",
        _ if what.starts_with("EOF") => "内容不完整",
        _ => return Text::same(what),
    };
    Text::owned(zh.to_owned(), what.to_owned())
}

/// `serde_json` tells line and column, from 1, columns in bytes.
fn byte_of(text: &str, error: &serde_json::Error) -> usize {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(0, |at| at + 1),
    };
    (line_start + error.column().saturating_sub(1)).min(text.len())
}

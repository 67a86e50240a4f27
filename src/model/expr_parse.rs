//! Reading EXPR: characters to tokens to an [`Expr`], each error with its place.
//!
//! Full-width punctuation, as Chinese input methods type it, counts as its half-width twin outside quotes.

use super::expr::{Comparison, Expr, ExprError};
use super::value::Value;
use crate::text;
use crate::text::Text;

/// Deepest nesting of parentheses and `NOT`.
const MAX_DEPTH: usize = 64;
/// Most conditions in one EXPR: the tree leans to the left, and walking it takes stack for each.
const MAX_CONDITIONS: usize = 500;

const KEYWORDS: [&str; 10] = ["AND", "OR", "NOT", "LIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"];

/// Reads a whole EXPR.
pub(super) fn parse(words: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser { tokens: tokens(words), next: 0, depth: 0, conditions: 0 };
    let whole = parser.either()?;
    match parser.peek() {
        Token::End => Ok(whole),
        _ => Err(parser.expected(&Text::new("AND、OR 或结尾", "AND, OR or the end"))),
    }
}

/// Where `field` first stands in `words`, in characters; 0 if it does not.
pub(super) fn place_of(words: &str, field: &str) -> usize {
    let found = tokens(words).into_iter().find(|(_, token)| match token {
        Token::Word(word) | Token::Name(word) => word == field,
        _ => false,
    });
    found.map_or(0, |(at, _)| at)
}

/// Whether a field name needs no quotes.
pub(super) fn is_bare_word(word: &str) -> bool {
    let plain = word.chars().all(|c| is_word_char(c) && folded(c) == c);
    plain && word.chars().next().is_some_and(|c| !c.is_numeric()) && !is_keyword(word)
}

fn is_keyword(word: &str) -> bool {
    is_one_of(word, &KEYWORDS)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The half-width twin of a full-width character.
fn folded(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '、' => ',',
        _ => c,
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A bare word: a keyword or a field.
    Word(String),
    /// A field in double quotes.
    Name(String),
    /// Text in single quotes.
    Text(String),
    Number(Value),
    Sign(Comparison),
    Open,
    Close,
    Comma,
    /// A quote that is never closed.
    Unclosed,
    /// Something that no EXPR has.
    Stray(String),
    End,
}

/// All tokens with their places; the last is [`Token::End`].
fn tokens(words: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = words.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, len) = token(&chars[at..]);
        found.push((at, token));
        at += len;
    }
    found.push((chars.len(), Token::End));
    found
}

/// The token that `chars` begins with, and its length.
fn token(chars: &[char]) -> (Token, usize) {
    let first = folded(chars[0]);
    let second = chars.get(1).map_or(' ', |&c| folded(c));
    match (first, second) {
        ('(', _) => (Token::Open, 1),
        (')', _) => (Token::Close, 1),
        (',', _) => (Token::Comma, 1),
        ('<', '>') | ('!', '=') => (Token::Sign(Comparison::NotEqual), 2),
        ('<', '=') => (Token::Sign(Comparison::AtMost), 2),
        ('>', '=') => (Token::Sign(Comparison::AtLeast), 2),
        ('<', _) => (Token::Sign(Comparison::Less), 1),
        ('>', _) => (Token::Sign(Comparison::Greater), 1),
        ('=', _) => (Token::Sign(Comparison::Equal), 1),
        ('≠', _) => (Token::Sign(Comparison::NotEqual), 1),
        ('≤', _) => (Token::Sign(Comparison::AtMost), 1),
        ('≥', _) => (Token::Sign(Comparison::AtLeast), 1),
        ('\'', _) => quoted(chars, folded, '\'', Token::Text),
        ('"', _) => quoted(chars, folded, '"', Token::Name),
        ('‘', _) => quoted(chars, |c| c, '’', Token::Text),
        ('“', _) => quoted(chars, |c| c, '”', Token::Name),
        ('0'..='9', _) | ('-' | '+' | '.', '0'..='9' | '.') => number(chars),
        _ if is_word_char(first) => {
            let word: String = chars.iter().map(|&c| folded(c)).take_while(|&c| is_word_char(c)).collect();
            let len = word.chars().count();
            (Token::Word(word), len)
        }
        _ => (Token::Stray(chars[0].to_string()), 1),
    }
}

/// Text up to the closing quote, which stands for itself when doubled. A quote closes with the width it opened with.
fn quoted(chars: &[char], fold: fn(char) -> char, quote: char, make: fn(String) -> Token) -> (Token, usize) {
    let close = if fold(chars[0]) == quote { chars[0] } else { quote };
    let mut inside = String::new();
    let mut at = 1;
    while at < chars.len() {
        if chars[at] != close {
            inside.push(chars[at]);
            at += 1;
        } else if chars.get(at + 1) == Some(&close) {
            inside.push(close);
            at += 2;
        } else {
            return (make(inside), at + 1);
        }
    }
    (Token::Unclosed, chars.len())
}

fn number(chars: &[char]) -> (Token, usize) {
    let mut text = String::new();
    for &c in chars {
        let c = folded(c);
        let sign = matches!(c, '-' | '+') && (text.is_empty() || text.ends_with(['e', 'E']));
        if !(sign || is_word_char(c) || c == '.') {
            break;
        }
        text.push(c);
    }
    let len = text.chars().count();
    let whole = text.parse::<i64>().ok().map(Value::Int);
    let digits_only = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    let real = || text.parse::<f64>().ok().filter(|number| digits_only && number.is_finite()).map(Value::Real);
    match whole.or_else(real) {
        Some(value) => (Token::Number(value), len),
        None => (Token::Stray(text), len),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    conditions: usize,
}

impl Parser {
    /// `a OR b OR c`
    fn either(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.both()?;
        while self.take_keyword("OR") {
            left = Expr::Or(left.into(), self.both()?.into());
        }
        Ok(left)
    }

    /// `a AND b AND c`
    fn both(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.negated()?;
        while self.take_keyword("AND") {
            left = Expr::And(left.into(), self.negated()?.into());
        }
        Ok(left)
    }

    /// `NOT a`, `(a)` or one condition.
    fn negated(&mut self) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(Text::new("括号或 NOT 嵌套太深", "parentheses or NOT are nested too deeply")));
        }
        let inner = if self.take_keyword("NOT") {
            Expr::Not(self.negated()?.into())
        } else if self.take(&Token::Open) {
            let inner = self.either()?;
            self.need(&Token::Close, &Text::new("右括号", "a closing parenthesis"))?;
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(inner)
    }

    /// One field and what is asked of it.
    fn condition(&mut self) -> Result<Expr, ExprError> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(self.error(Text::new("条件太多，请改用 IN", "too many conditions, use IN")));
        }
        let field = self.field()?;
        if let Token::Sign(comparison) = *self.peek() {
            self.next += 1;
            return Ok(Expr::Compare { field, comparison, value: self.value()? });
        }
        if self.take_keyword("IS") {
            let not = self.take_keyword("NOT");
            if !self.take_keyword("NULL") {
                return Err(self.expected(&Text::new("NULL", "NULL")));
            }
            return Ok(negate_if(not, Expr::IsNull { field }));
        }
        let not = self.take_keyword("NOT");
        let asked = if self.take_keyword("LIKE") {
            Expr::Like { field, pattern: self.pattern()? }
        } else if self.take_keyword("IN") {
            Expr::In { field, values: self.values()? }
        } else if self.take_keyword("BETWEEN") {
            self.between(field)?
        } else {
            let words =
                if not { "LIKE、IN 或 BETWEEN" } else { "比较（=、<>、<、>、LIKE、IN、BETWEEN、IS）" };
            let en = if not { "LIKE, IN or BETWEEN" } else { "a comparison (=, <>, <, >, LIKE, IN, BETWEEN, IS)" };
            return Err(self.expected(&Text::new(words, en)));
        };
        Ok(negate_if(not, asked))
    }

    fn between(&mut self, field: String) -> Result<Expr, ExprError> {
        self.conditions += 1;
        let least = self.value()?;
        if !self.take_keyword("AND") {
            return Err(self.expected(&Text::new("AND 与上限", "AND with the upper bound")));
        }
        let most = self.value()?;
        let from = Expr::Compare { field: field.clone(), comparison: Comparison::AtLeast, value: least };
        let to = Expr::Compare { field, comparison: Comparison::AtMost, value: most };
        Ok(Expr::And(from.into(), to.into()))
    }

    fn values(&mut self) -> Result<Vec<Value>, ExprError> {
        self.need(&Token::Open, &Text::new("左括号", "an opening parenthesis"))?;
        let mut values = Vec::new();
        if self.take(&Token::Close) {
            return Ok(values);
        }
        loop {
            values.push(self.value()?);
            if self.take(&Token::Close) {
                return Ok(values);
            }
            self.need(&Token::Comma, &Text::new("逗号或右括号", "a comma or a closing parenthesis"))?;
        }
    }

    fn field(&mut self) -> Result<String, ExprError> {
        let field = match self.peek() {
            Token::Name(name) => name.clone(),
            Token::Word(word) if !is_keyword(word) => word.clone(),
            _ => return Err(self.expected(&Text::new("字段名", "a field name"))),
        };
        self.next += 1;
        Ok(field)
    }

    fn value(&mut self) -> Result<Value, ExprError> {
        let value = match self.peek() {
            Token::Text(text) => Value::Text(text.clone()),
            Token::Number(number) => number.clone(),
            Token::Word(word) if is_one_of(word, &["TRUE", "YES", "是"]) => Value::Bool(true),
            Token::Word(word) if is_one_of(word, &["FALSE", "NO", "否"]) => Value::Bool(false),
            Token::Word(word) if word.eq_ignore_ascii_case("NULL") => {
                return Err(
                    self.error(Text::new("判断是否为空请写 IS NULL", "write IS NULL to ask whether it is unknown"))
                );
            }
            Token::Word(word) | Token::Name(word) => {
                return Err(self.error(text!("文字要放在单引号里：'{word}'", "text goes into single quotes: '{word}'")));
            }
            _ => return Err(self.expected(&Text::new("数字或 '文字'", "a number or 'text'"))),
        };
        self.next += 1;
        Ok(value)
    }

    fn pattern(&mut self) -> Result<String, ExprError> {
        let Token::Text(pattern) = self.peek().clone() else {
            return Err(self.expected(&Text::new("'文字'，可含 % 与 _", "'text', with % and _")));
        };
        self.next += 1;
        Ok(pattern)
    }

    /// The next token; the last one is never passed.
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == token;
        self.next += usize::from(is_next);
        is_next
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is_next);
        is_next
    }

    fn need(&mut self, token: &Token, name: &Text) -> Result<(), ExprError> {
        if self.take(token) { Ok(()) } else { Err(self.expected(name)) }
    }

    fn expected(&self, wanted: &Text) -> ExprError {
        let Text { zh, en } = wanted;
        let found = match self.peek() {
            Token::End => {
                return self.error(text!("条件没有写完，缺少{zh}", "the condition ends too early: {en} is missing"));
            }
            Token::Unclosed => return self.error(Text::new("引号没有关闭", "a quote is not closed")),
            Token::Word(word) | Token::Name(word) | Token::Text(word) | Token::Stray(word) => word.clone(),
            Token::Number(number) => number.to_string(),
            Token::Sign(comparison) => comparison.sign().to_owned(),
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::Comma => ",".to_owned(),
        };
        self.error(text!("“{found}”处应为{zh}", "{en} should stand at “{found}”"))
    }

    fn error(&self, what: Text) -> ExprError {
        ExprError { at: self.tokens[self.next].0, what }
    }
}

fn negate_if(not: bool, expr: Expr) -> Expr {
    if not { Expr::Not(expr.into()) } else { expr }
}

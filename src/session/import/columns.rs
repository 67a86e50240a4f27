//! Which column of a file goes to which field of a layer. Decided once, for the new layer's schema and for its rows, so
//! that no column can fall between the two.

use crate::kinds::convert;
use crate::kinds::kind::Kind;
use crate::kinds::mapping;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::text;
use crate::text::Text;

use crate::session::answer::{Failure, FailureKind};

/// What fills one field of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) struct Source {
    /// The column's place in the file.
    pub(in crate::session) column: usize,
    /// Whether its values are read as the field wants them. Otherwise they stay as they are in the file.
    pub(in crate::session) is_read: bool,
}

/// Values that every row of a layer gets, whatever the file says: what kind of thing it is stands in some deliveries in
/// the file's name alone.
#[derive(Debug, Default)]
pub(in crate::session) struct Constants {
    places: Vec<usize>,
    values: Vec<Value>,
}

impl Constants {
    /// For a new layer: a word that names none of its fields makes one.
    pub(super) fn of_new_layer(fields: &mut Vec<Field>, set: &[(String, String)]) -> Result<Self, Failure> {
        for (word, _) in set {
            if !fields.iter().any(|field| field.is_named(word)) {
                let id = word.trim().to_owned();
                fields.push(Field { name: Text::same(id.clone()), ..Field::new(id, FieldType::Text, "", "") });
            }
        }
        Self::of_old_layer(fields, set)
    }

    /// For a layer that is there.
    pub(super) fn of_old_layer(fields: &[Field], set: &[(String, String)]) -> Result<Self, Failure> {
        let mut constants = Self::default();
        for (word, typed) in set {
            let place = place_of(fields, word)?;
            let value = convert::convert(Value::from(typed.as_str()), &fields[place]);
            constants.places.push(place);
            constants.values.push(value.map_err(|what| {
                let (zh, en) = (what.zh, what.en);
                let text = text!("固定值“{word}={typed}”：{zh}", "the value “{word}={typed}”: {en}");
                Failure::new(FailureKind::Usage, text)
            })?);
        }
        Ok(constants)
    }

    /// The fields that are filled.
    pub(in crate::session) fn places(&self) -> &[usize] {
        &self.places
    }

    /// Fills them.
    pub(super) fn fill(&self, values: &mut [Value]) {
        for (&place, value) in self.places.iter().zip(&self.values) {
            values[place].clone_from(value);
        }
    }
}

/// Where the columns of a file go in one layer.
#[derive(Debug)]
pub(in crate::session) struct Columns {
    /// For each field of the layer what fills it.
    pub(in crate::session) sources: Vec<Option<Source>>,
    /// Columns that are read into one field and kept in another, because reading loses something.
    pub(super) twins: Vec<usize>,
    /// Columns without a place: a layer that is there already gets no new fields.
    pub(super) homeless: Vec<usize>,
}

impl Columns {
    /// For a new layer: `fields` are its kind's, and every column that none of them takes gets a field behind them.
    pub(super) fn of_new_layer(
        fields: &mut Vec<Field>,
        kind: &Kind,
        theirs: &[Field],
        map: &[(String, String)],
        set: &[usize],
    ) -> Result<Self, Failure> {
        let mut columns = Self::read_ones(fields, kind, theirs, map, set)?;
        for (column, their) in theirs.iter().enumerate() {
            if !columns.is_placed(column) {
                columns.keep(fields, their, column);
            }
        }
        Ok(columns)
    }

    /// For a layer that is there: what no field of the kind takes goes to the field of the same name, if there is one.
    pub(super) fn of_old_layer(
        fields: &[Field],
        kind: &Kind,
        theirs: &[Field],
        map: &[(String, String)],
        set: &[usize],
    ) -> Result<Self, Failure> {
        let mut columns = Self::read_ones(fields, kind, theirs, map, set)?;
        let is_own = |field: &Field| kind.fields.iter().any(|own| own.id == field.id);
        for (column, their) in theirs.iter().enumerate() {
            let is_placed = columns.is_placed(column);
            let mut places = fields.iter().zip(&columns.sources).enumerate();
            let same = places.position(|(place, (field, source))| {
                // An earlier import may have kept this column beside the field that it is read into.
                let is_welcome = source.is_none() && !set.contains(&place) && !(is_placed && is_own(field));
                is_welcome && (field.id.eq_ignore_ascii_case(&their.id) || field.name == their.name)
            });
            match same {
                Some(place) => columns.sources[place] = Some(Source { column, is_read: is_own(&fields[place]) }),
                None if is_placed => {}
                None => columns.homeless.push(column),
            }
        }
        Ok(columns)
    }

    /// Columns for the kind's own fields: as the person says, else as the kind guesses; none for those that are `set`.
    fn read_ones(
        fields: &[Field],
        kind: &Kind,
        theirs: &[Field],
        map: &[(String, String)],
        set: &[usize],
    ) -> Result<Self, Failure> {
        let mut sources: Vec<Option<Source>> = vec![None; fields.len()];
        let mut is_said = vec![false; theirs.len()];
        for (their, our) in map {
            let column = place_of(theirs, their)?;
            is_said[column] = true;
            sources.iter_mut().filter(|it| it.is_some_and(|it| it.column == column)).for_each(|it| *it = None);
            // Nothing of ours: the column stays what it is, whatever was guessed.
            if !our.is_empty() {
                let place = place_of(fields, our)?;
                if set.contains(&place) {
                    let text = text!("字段“{our}”既有固定值又对应一列", "“{our}” is given a value and a column");
                    return Err(Failure::new(FailureKind::Usage, text));
                }
                sources[place] = Some(Source { column, is_read: true });
            }
        }
        for (column, meant) in mapping::guess(theirs, kind).into_iter().enumerate() {
            let own = meant.filter(|_| !is_said[column]).map(|place| &kind.fields[place]);
            let place = own.and_then(|own| fields.iter().position(|field| field.id == own.id));
            if let Some(place) = place.filter(|&place| sources[place].is_none() && !set.contains(&place)) {
                sources[place] = Some(Source { column, is_read: true });
            }
        }
        Ok(Self { sources, twins: Vec::new(), homeless: Vec::new() })
    }

    /// Gives a column a field of its own behind the others, under its own name, where its values stay as they came.
    fn keep(&mut self, fields: &mut Vec<Field>, their: &Field, column: usize) {
        let is_taken = |id: &str| fields.iter().any(|field| field.id.to_lowercase() == id.to_lowercase());
        let numbered = (2..).map(|number: u64| format!("{}_{number}", their.id));
        let mut candidates = std::iter::once(their.id.to_string()).chain(numbered);
        let id = candidates.find(|id| !is_taken(id)).unwrap_or_default();
        fields.push(Field { id: id.into(), ..their.clone() });
        self.sources.push(Some(Source { column, is_read: false }));
    }

    /// Keeps a column that is read into a field as it came, too.
    pub(super) fn keep_twin(&mut self, fields: &mut Vec<Field>, theirs: &[Field], column: usize) {
        self.keep(fields, &theirs[column], column);
        self.twins.push(column);
    }

    /// Columns, with the field that each is read into, of which reading may lose something.
    pub(super) fn at_risk(&self, fields: &[Field], theirs: &[Field]) -> Vec<(usize, Field)> {
        let read = fields.iter().zip(&self.sources).filter_map(|(field, source)| Some((field, (*source)?)));
        read.filter(|(field, source)| source.is_read && convert::may_lose(theirs[source.column].field_type, field))
            .map(|(field, source)| (source.column, field.clone()))
            .collect()
    }

    /// Names of columns, each with the id of the field that it is read into, or kept in under another name.
    pub(in crate::session) fn mapped(&self, fields: &[Field], theirs: &[Field]) -> Vec<(String, String)> {
        let filled = fields.iter().zip(&self.sources).filter_map(|(field, source)| Some((field, (*source)?)));
        let named = filled.filter(|(field, source)| source.is_read || theirs[source.column].id != field.id);
        let pair = |(field, source): (&Field, Source)| {
            let column = &theirs[source.column];
            // A column that its format names in two languages is one of ours: only another field is worth a word.
            let is_own = column.name.zh != column.name.en;
            let name = if is_own { column.id.to_string() } else { column.name.zh.to_string() };
            (!is_own || column.id != field.id).then(|| (name, field.id.to_string()))
        };
        named.filter_map(pair).collect()
    }

    /// Whether a column stays somewhere as it came.
    pub(in crate::session) fn is_kept(&self, column: usize) -> bool {
        self.sources.iter().flatten().any(|source| source.column == column && !source.is_read)
    }

    fn is_placed(&self, column: usize) -> bool {
        self.sources.iter().flatten().any(|source| source.column == column)
    }
}

fn place_of(fields: &[Field], word: &str) -> Result<usize, Failure> {
    fields.iter().position(|field| field.is_named(word)).ok_or_else(|| {
        let text = text!("没有字段“{word}”", "There is no field “{word}”");
        Failure::new(FailureKind::Usage, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn the_second_column_for_a_field_keeps_its_own_name() {
        check("sewer_node", "FACILITYID MANHOLEID", "", "MANHOLEID>code FACILITYID=FACILITYID");
        check("sewer_node", "FACILITYID MANHOLEID", "FACILITYID=code", "FACILITYID>code MANHOLEID=MANHOLEID");
        check("sewer_node", "A B", "A=code,B=code", "B>code A=A");
    }

    #[test]
    fn a_column_that_is_to_stay_what_it_is_stays_beside_the_field_of_its_name() {
        check("kiosk", "code name", "code=", "name>name code=code_2");
        check("kiosk", "Code", "Code=", "Code=Code_2");
        check("plain", "code 管径", "", "code=code 管径=管径");
    }

    #[test]
    fn a_layer_that_is_there_takes_what_it_has_fields_for() {
        let kind = kinds::find("kiosk").unwrap();
        let fields = [kind.fields.clone(), columns("SEATS 备用")].concat();
        let theirs = columns("code seats WIDTH");
        let found = Columns::of_old_layer(&fields, kind, &theirs, &[], &[]).unwrap();
        assert_eq!(shown(&found, &fields, &theirs), "code>code seats=SEATS");
        assert_eq!(found.homeless, [2]);
    }

    #[test]
    fn a_value_for_every_row_keeps_the_column_of_its_field_beside_it() {
        let kind = kinds::find("kiosk").unwrap();
        let (mut fields, theirs) = (kind.fields.clone(), columns("code 来源"));
        let pair = |word: &str, value: &str| (word.to_owned(), value.to_owned());
        let set = [pair("code", "K-1"), pair("来源", "2026 普查")];
        let constants = Constants::of_new_layer(&mut fields, &set).unwrap();
        let found = Columns::of_new_layer(&mut fields, kind, &theirs, &[], constants.places()).unwrap();
        assert_eq!(shown(&found, &fields, &theirs), "code=code_2 来源=来源_2");
        let mut values = vec![Value::Null; fields.len()];
        constants.fill(&mut values);
        let filled = values.iter().filter_map(Value::as_str).collect::<Vec<_>>();
        assert_eq!(filled, ["K-1", "2026 普查"]);
        let refused = Constants::of_old_layer(&kind.fields, &[pair("state", "nonsense")]);
        assert_eq!(refused.unwrap_err().kind, FailureKind::Usage);
    }

    #[test]
    fn words_that_name_nothing_are_refused() {
        let kind = kinds::find("kiosk").unwrap();
        for map in [("nothing", "code"), ("编号", "nothing")] {
            let map = [(map.0.to_owned(), map.1.to_owned())];
            let refused = Columns::of_new_layer(&mut kind.fields.clone(), kind, &columns("编号"), &map, &[]);
            assert_eq!(refused.unwrap_err().kind, FailureKind::Usage);
        }
    }

    fn columns(names: &str) -> Vec<Field> {
        let column =
            |name: &str| Field { id: name.to_owned().into(), name: Text::same(name), ..Field::text("", "", "") };
        names.split(' ').map(column).collect()
    }

    /// `>` reads, `=` keeps.
    fn shown(columns: &Columns, fields: &[Field], theirs: &[Field]) -> String {
        let filled = fields.iter().zip(&columns.sources).filter_map(|(field, source)| Some((field, (*source)?)));
        let words = filled.map(|(field, source)| {
            let sign = if source.is_read { '>' } else { '=' };
            format!("{}{sign}{}", theirs[source.column].id, field.id)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(kind: &str, names: &str, map: &str, expected: &str) {
        let kind = kinds::find(kind).unwrap();
        let (mut fields, theirs) = (kind.fields.clone(), columns(names));
        let pairs = map.split(',').filter_map(|pair| pair.split_once('='));
        let map: Vec<_> = pairs.map(|(their, our)| (their.to_owned(), our.to_owned())).collect();
        let found = Columns::of_new_layer(&mut fields, kind, &theirs, &map, &[]).unwrap();
        assert_eq!(shown(&found, &fields, &theirs), expected);
        assert_eq!(found.homeless, [0_usize; 0]);
    }
}

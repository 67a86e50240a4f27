//! The parts of a topology as they stand in the file: members in their order, arcs as one row of positions.

use serde::Deserialize;
use serde_json::value::RawValue;

/// How whole numbers become coordinates.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Quantum {
    scale: [f64; 2],
    translate: [f64; 2],
}

/// Members of an object, in their order.
#[derive(Default)]
pub(super) struct Members<'a>(pub Vec<(String, &'a RawValue)>);

/// All positions of all arcs, and where each arc ends.
#[derive(Default)]
pub(super) struct Arcs {
    at: Vec<[f64; 2]>,
    ends: Vec<usize>,
}

impl Arcs {
    pub(super) fn get(&self, index: usize) -> Option<&[[f64; 2]]> {
        let end = *self.ends.get(index)?;
        Some(&self.at[index.checked_sub(1).map_or(0, |before| self.ends[before])..end])
    }

    /// Undoes the differences and the rounding.
    pub(super) fn expand(&mut self, quantum: Quantum) {
        let mut start = 0;
        for &end in &self.ends {
            let mut sum = [0.0; 2];
            for at in &mut self.at[start..end] {
                sum = [sum[0] + at[0], sum[1] + at[1]];
                *at = quantum.position(sum);
            }
            start = end;
        }
    }
}

impl Quantum {
    pub(super) fn position(self, at: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis: usize| at[axis] * self.scale[axis] + self.translate[axis])
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for InOrder<'a> {
            type Value = Members<'a>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Arcs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        /// One arc, or one position of it.
        struct One<'a>(&'a mut Arcs);
        struct Position<'a>(&'a mut Arcs);
        impl<'de> serde::de::Visitor<'de> for All {
            type Value = Arcs;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("arcs")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Arcs, A::Error> {
                let mut arcs = Arcs::default();
                while seq.next_element_seed(One(&mut arcs))?.is_some() {
                    arcs.ends.push(arcs.at.len());
                }
                Ok(arcs)
            }
        }
        impl<'de> serde::de::DeserializeSeed<'de> for One<'_> {
            type Value = ();

            fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_seq(self)
            }
        }
        impl<'de> serde::de::Visitor<'de> for One<'_> {
            type Value = ();

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an arc")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
                while seq.next_element_seed(Position(self.0))?.is_some() {}
                Ok(())
            }
        }
        impl<'de> serde::de::DeserializeSeed<'de> for Position<'_> {
            type Value = ();

            fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_seq(self)
            }
        }
        impl<'de> serde::de::Visitor<'de> for Position<'_> {
            type Value = ();

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a position")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
                let mut at = [0.0; 2];
                for (place, number) in at.iter_mut().enumerate() {
                    *number = seq.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(place, &self))?;
                }
                while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                self.0.at.push(at);
                Ok(())
            }
        }
        deserializer.deserialize_seq(All)
    }
}

//! Ordered maps and sets in one sorted vector, and sorting.
//!
//! The standard library's trees bring some 9 KB of code for each pair of types, of which the session has two
//! dozen. Here an entry in the middle moves those behind it, which for the sizes of a session (rows of one page,
//! conversations and contacts of one user) costs less than writing the entry to the store; at the end, where ids
//! and restored rows come, it costs nothing.
//!
//! Sorting is one function for all types, for the same reason: std's is 6 KB for each.
use std::borrow::Borrow;
use std::ops::{Bound, RangeBounds};

/// The places of `len` things in order, equal ones as they stand. `before`: the first belongs before the second.
#[expect(clippy::indexing_slicing, reason = "all numbers are below `len`")]
fn order(len: usize, before: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut now: Vec<usize> = (0..len).collect();
    let mut next = now.clone();
    let mut width = 1;
    while width < len {
        for start in (0..len).step_by(2 * width) {
            let (middle, end) = (len.min(start + width), len.min(start + 2 * width));
            let (mut left, mut right) = (start, middle);
            for slot in &mut next[start..end] {
                let from = if left < middle && (right == end || !before(now[right], now[left])) {
                    &mut left
                } else {
                    &mut right
                };
                *slot = now[*from];
                *from += 1;
            }
        }
        std::mem::swap(&mut now, &mut next);
        width *= 2;
    }
    now
}

/// Sorts a list, equal items as they stand. `before`: the first belongs before the second.
#[expect(clippy::indexing_slicing, reason = "`order` gives numbers of items")]
pub fn sort<T>(list: &mut Vec<T>, before: impl Fn(&T, &T) -> bool) {
    if list.is_sorted_by(|a, b| !before(b, a)) {
        return;
    }
    let order = order(list.len(), &mut |a, b| before(&list[a], &list[b]));
    let mut all: Vec<_> = std::mem::take(list).into_iter().map(Some).collect();
    list.extend(order.into_iter().filter_map(|at| all[at].take()));
}

/// An ordered map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Map<K, V> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a key is, or where it would be.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        match self.0.last() {
            Some((last, _)) if last.borrow() < key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(k, _)| k.borrow().cmp(key)),
        }
    }

    /// Whether there is an entry with that key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().and_then(|at| self.0.get_mut(at)).map(|(_, value)| value)
    }

    /// Puts an entry in, and gives back the value it takes the place of.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// The value of a key; what `make` gives, when there was none.
    #[expect(clippy::indexing_slicing, reason = "the place was found, or made")]
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = self.find(&key).unwrap_or_else(|at| {
            self.0.insert(at, (key, make()));
            at
        });
        &mut self.0[at].1
    }

    /// The value of a key; the type's default, when there was none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Takes an entry out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// The entry with the smallest key, taken out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops entries that do not pass.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// All entries, their values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> + ExactSizeIterator {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The entries of a range of keys, in order.
    pub fn range(&self, keys: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let at = |bound: Bound<&K>, behind: bool| match bound {
            Bound::Included(key) if behind => self.find(key).map_or_else(|at| at, |at| at + 1),
            Bound::Excluded(key) if !behind => self.find(key).map_or_else(|at| at, |at| at + 1),
            Bound::Included(key) | Bound::Excluded(key) => self.find(key).unwrap_or_else(|at| at),
            Bound::Unbounded => {
                if behind {
                    self.0.len()
                } else {
                    0
                }
            }
        };
        let (from, to) = (at(keys.start_bound(), false), at(keys.end_bound(), true));
        self.0.get(from..to).unwrap_or_default().iter().map(|(key, value)| (key, value))
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.0.extend(entries);
        sort(&mut self.0, |(a, _), (b, _)| a < b);
        // Of entries with one key the last counts.
        self.0.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

/// An ordered set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T>(Map<T, ()>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<T: Ord> Set<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Map::new())
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is there.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(item)
    }

    /// Puts one in; false when it was there.
    pub fn insert(&mut self, item: T) -> bool {
        self.0.insert(item, ()).is_none()
    }

    /// Takes one out; false when it was not there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(item).is_some()
    }

    /// The largest.
    pub fn last(&self) -> Option<&T> {
        self.iter().next_back()
    }

    /// The largest, taken out.
    pub fn pop_last(&mut self) -> Option<T> {
        self.0.0.pop().map(|(item, ())| item)
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops those that do not pass.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|item, ()| keep(item));
    }

    /// All, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone + ExactSizeIterator {
        self.0.keys()
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = std::iter::Map<std::vec::IntoIter<(T, ())>, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(item, ())| item)
    }
}

impl<T: Ord> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items.into_iter().map(|item| (item, ())));
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::default();
        set.extend(items);
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Map, Set, sort};
    use crate::core::session::backoff::Rng;

    #[test]
    fn does_what_the_trees_of_std_do() {
        let mut rng = Rng::new(7);
        let (mut ours, mut theirs) = (Map::new(), BTreeMap::new());
        let (mut set, mut tree) = (Set::new(), BTreeSet::new());
        for n in 0..4_000u64 {
            let key = rng.next() % 97;
            match rng.next() % 9 {
                0 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                1 => assert_eq!(*ours.or_insert_with(key, || n), *theirs.entry(key).or_insert(n)),
                2 => assert_eq!(*ours.or_default(key), *theirs.entry(key).or_default()),
                3 => {
                    ours.retain(|k, v| (*k ^ *v) % 13 != 0);
                    theirs.retain(|k, v| (*k ^ *v) % 13 != 0);
                }
                4 => assert_eq!(ours.get_mut(&key), theirs.get_mut(&key)),
                5 => assert_eq!((set.insert(key), set.remove(&n)), (tree.insert(key), tree.remove(&n))),
                6 => assert_eq!((set.pop_last(), ours.pop_first()), (tree.pop_last(), theirs.pop_first())),
                7 => {
                    let more: Vec<_> = (0..rng.next() % 20).map(|at| (rng.next() % 97, n + at)).collect();
                    ours.extend(more.iter().copied());
                    theirs.extend(more);
                }
                _ => assert_eq!(ours.insert(key, n), theirs.insert(key, n)),
            }
            assert_eq!(ours.get(&key), theirs.get(&key));
            let (from, to) = (key, key + (rng.next() % 40));
            assert!(ours.range(from..to).eq(theirs.range(from..to)), "{from}..{to}");
            assert!(ours.range(from..=to).rev().eq(theirs.range(from..=to).rev()), "{from}..={to}");
            assert!(ours.range(..to).eq(theirs.range(..to)) && ours.range(from..).eq(theirs.range(from..)));
            assert!(ours.iter().eq(&theirs) && set.iter().eq(&tree) && set.contains(&key) == tree.contains(&key));
            assert_eq!(set.last(), tree.last());
        }
        assert_eq!(theirs.into_iter().rev().collect::<Map<_, _>>(), ours);
    }

    #[test]
    fn sorting_is_stable() {
        let mut rng = Rng::new(11);
        for len in 0..200u64 {
            let mut ours: Vec<_> = (0..len).map(|at| (rng.next() % 9, at)).collect();
            let mut theirs = ours.clone();
            sort(&mut ours, |a, b| a.0 < b.0);
            theirs.sort_by_key(|a| a.0);
            assert_eq!(ours, theirs);
        }
    }
}

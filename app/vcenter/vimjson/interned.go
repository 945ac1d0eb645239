package vimjson

// interned keeps what comes again and again, such as names of users and references to objects, by what stands in the JSON
// between two quotes. So most of it is neither unquoted nor allocated again. Each text has two places, and the last that
// came is in the first.
type interned[T any] struct {
	places [1 << internBits][2]kept[T]
	large  kept[T] // the last one that was too long for the places
}

type kept[T any] struct {
	quoted string
	value  T
}

const (
	internBits  = 10
	maxInterned = 1 << 10 // bytes
)

// find returns what is kept for a text. If it was not known, its value is the caller's to set.
func (all *interned[T]) find(quoted []byte) (*kept[T], bool) {
	if len(quoted) > maxInterned {
		all.large.quoted = string(quoted)
		return &all.large, false
	}
	i := place(quoted)
	first, second := &all.places[i][0], &all.places[i][1]
	if first.quoted == string(quoted) {
		return first, true
	}
	if second.quoted == string(quoted) {
		return second, true
	}
	*second = *first
	first.quoted = string(quoted)
	return first, false
}

// place is where text stands. Ends differ more than beginnings.
func place(text []byte) uint64 {
	hash := uint64(len(text))
	if len(text) >= wordSize {
		hash += load(text[len(text)-wordSize:])
	} else {
		for _, c := range text {
			hash = hash<<8 + uint64(c)
		}
	}
	return (hash ^ hash>>32) * 0x9E3779B97F4A7C15 >> (64 - internBits)
}

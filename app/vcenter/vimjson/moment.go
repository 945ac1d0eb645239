package vimjson

import (
	"time"
)

// appendTime appends a dateTime as time.Time writes itself to JSON: no zeros at the end of the fraction.
func appendTime(out, text []byte) ([]byte, bool) {
	if _, ok := parts(text); ok {
		end := len(text) - 1
		for end > len("2006-01-02T15:04:05") && (text[end-1] == '0' || text[end-1] == '.') {
			end--
			if text[end] == '.' {
				break
			}
		}
		return append(append(append(out, '"'), text[:end]...), `Z"`...), true
	}
	var t time.Time
	if t.UnmarshalText(text) != nil {
		return out, false
	}
	quoted, err := t.MarshalJSON()
	return append(out, quoted...), err == nil
}

// utc reads what parts takes.
func utc(text []byte) (time.Time, bool) {
	f, ok := parts(text)
	if !ok {
		return time.Time{}, false
	}
	return time.Date(f.year, time.Month(f.month), f.day, f.hour, f.minute, f.second, f.nano, time.UTC), true
}

// parts reads the form that vCenter sends, 2006-01-02T15:04:05.999999Z; any number of digits up to nine may follow the
// point. It takes nothing that time.Time would not take, but less.
func parts(text []byte) (f fields, ok bool) {
	const seconds = len("2006-01-02T15:04:05")
	if len(text) <= seconds || len(text) > seconds+len(".999999999Z") || text[len(text)-1] != 'Z' ||
		text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return f, false
	}
	f.year = f.two(text, 0)*100 + f.two(text, 2)
	f.month, f.day = f.two(text, 5), f.two(text, 8)
	f.hour, f.minute, f.second = f.two(text, 11), f.two(text, 14), f.two(text, 17)
	f.nano = f.fraction(text[seconds : len(text)-1])
	if f.bad || f.month < 1 || f.month > 12 || f.day < 1 || f.hour > 23 || f.minute > 59 || f.second > 59 {
		return f, false
	}
	return f, f.day <= 28 || time.Date(f.year, time.Month(f.month), f.day, 0, 0, 0, 0, time.UTC).Day() == f.day
}

// fields are the parts of a time. They remember whether one of its digits was none.
type fields struct {
	year, month, day, hour, minute, second, nano int

	bad bool
}

func (f *fields) two(text []byte, at int) int {
	tens, ones := text[at]-'0', text[at+1]-'0'
	f.bad = f.bad || tens > 9 || ones > 9
	return int(tens)*10 + int(ones)
}

func (f *fields) fraction(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	f.bad = f.bad || text[0] != '.' || len(text) == 1
	n := 0
	for i := 1; i < 10; i++ {
		n *= 10
		if i < len(text) {
			f.bad = f.bad || text[i]-'0' > 9
			n += int(text[i] - '0')
		}
	}
	return n
}

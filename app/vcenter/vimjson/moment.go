package vimjson

import (
	"time"
)

// appendTime appends a dateTime as time.Time writes itself to JSON: no zeros at the end of the fraction.
func appendTime(out, text []byte) ([]byte, bool) {
	if _, ok := utc(text); ok {
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

// utc reads the form that vCenter sends, 2006-01-02T15:04:05.999999Z; any number of digits up to nine may follow the
// point. It takes nothing that time.Time would not take, but less.
func utc(text []byte) (time.Time, bool) {
	const seconds = len("2006-01-02T15:04:05")
	if len(text) <= seconds || len(text) > seconds+len(".999999999Z") || text[len(text)-1] != 'Z' ||
		text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	var f fields
	year := f.two(text, 0)*100 + f.two(text, 2)
	month, day := f.two(text, 5), f.two(text, 8)
	hour, minute, second := f.two(text, 11), f.two(text, 14), f.two(text, 17)
	nano := f.fraction(text[seconds : len(text)-1])
	if f.bad || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	return t, day <= 28 || t.Day() == day
}

// fields reads digits and remembers whether one was none.
type fields struct{ bad bool }

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

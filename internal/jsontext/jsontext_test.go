package jsontext

import "testing"

func TestAppend(t *testing.T) {
	tests := []struct{ in, want, why string }{
		{"plain", `"plain"`, ""},
		{"a\"b\\c", `"a\"b\\c"`, "what JSON must escape"},
		{"\x00\t\r\n\x1b]52;c;x\a", `"\u0000\t\r\n\u001b]52;c;x\u0007"`, "a terminal would obey"},
		{"\x7f", `"\u007f"`, "delete, which package json lets through"},
		{"\u009b2J", `"\u009b2J"`, "the eight-bit control sequence introducer"},
		{"a\u202eb\u2066c", `"a\u202eb\u2066c"`, "writing direction"},
		{"a\u2028b", `"a\u2028b"`, "a line end to some"},
		{"bücher.例え", `"bücher.例え"`, "what people read is left alone"},
		{"\U0001f600", `"😀"`, ""},
		{"\U000e0041", `"\udb40\udc41"`, "a tag, invisible: a surrogate pair"},
		{"<b>&amp;", `"<b>&amp;"`, "no web page"},
	}
	for _, tt := range tests {
		if got := string(Append(nil, tt.in)); got != tt.want {
			t.Errorf("%q: %s, want %s (%s)", tt.in, got, tt.want, tt.why)
		}
	}
}

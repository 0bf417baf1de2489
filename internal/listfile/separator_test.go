package listfile

import (
	"strings"
	"testing"
)

func TestSeparators(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for text, want := range map[string]string{
		"":                                    "",
		"a.com\nb.com,x\n":                    "", // the first record has none
		"1,a.com\n":                           ",",
		"1;a.com":                             ";",
		"rank\tdomain\r\n1\ta.com\r\n":        "\t",
		"domain|owner\ra.com|x\r":             "|",
		"# a, b\n\n \t \ndomain;owner\n":      ";",
		"domain;a, b\na.com;x\nb.com;y, z\n":  ";,", // most records have one semicolon
		"1;a.com;0,5\n2;b.com;1,5\n":          ";,", // each has one comma, and two semicolons
		"1,a.com;b.com\n":                     ",;",
		"a\tb,c\td\n":                         "\t,",
		"domain;\"a,b,c\"\na.com;\"\"\",,\"":  ";",
		"domain;\"a\n,,,\n\"\na.com;b\n":      ";",  // a record of three lines
		"domain;5\" x 3\", y\na.com;b\n":      ";,", // a quote within a field is one
		"domain;\"a,b,c\na.com;x\nb.com;y\n":  ";,", // not closed
		"domain; \"a,b\" ;c\n":                ";",
		"x;\"" + long + "\"\ny;z\n":           ";",
		long + ";\nx":                         ";",
		"a;b\n" + strings.Repeat("a,b\n", 30): ";",
	} {
		if got := string(Separators([]byte(text))); got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}

func TestDeclaredSeparator(t *testing.T) {
	for line, want := range map[string]byte{
		"sep=;": ';', "SEP=,": ',', "sep=\t": '\t', `"sep=|"`: '|', "sep=; ": ';',
		"sep=": 0, "sep=;x": 0, "sep=:": 0, "sep;": 0, "sep": 0, "": 0, "domain;owner": 0,
	} {
		got, ok := DeclaredSeparator([]byte(line))
		if ok != (want != 0) || ok && got != want {
			t.Errorf("%q: %q, %t", line, got, ok)
		}
	}
}

// FuzzSeparators: a record is not empty, and what separates it is in its text.
func FuzzSeparators(f *testing.F) {
	for _, text := range []string{"domain;\"a\n,,,\n\"\na.com;b\n", "a;\"b\"\"c", "\r", "\"\"\"", "a\tb|c\r\n\r"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, separator := range Separators(text) {
			if !strings.Contains(string(text), string(separator)) {
				t.Fatalf("%q is not in %q", separator, text)
			}
		}
		if _, size := countSeparators(text); len(text) > 0 && (size < 1 || size > len(text)) {
			t.Fatalf("a record of %d octets in %q", size, text)
		}
	})
}

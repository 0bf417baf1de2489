package codes

import "testing"

func TestNearest(t *testing.T) {
	flags := []string{"resolvers", "retries", "roots", "rate", "in-flight", "in-flight-floor", "json", "0x20"}
	for _, tt := range []struct{ typed, want string }{
		{"resolver", "resolvers"},
		{"resovlers", "resolvers"}, // two letters swapped are one error
		{"Resolvers", "resolvers"},
		{"res", "resolvers"}, // the only one that begins so
		{"r", ""},            // several begin so
		{"ratee", "rate"},
		{"root", "roots"},
		{"in-fligth", "in-flight"},
		{"jsno", "json"},
		{"xml", ""},
		{"0x21", "0x20"},
		{"colour", ""},
		{"", ""},
	} {
		if got, ok := Nearest(tt.typed, flags); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.typed, got, ok, tt.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for typed, want := range map[string]string{
		"enforec": `"enforec": must be enforce, testing or none: did you mean enforce?`,
		"report":  `"report": must be enforce, testing or none`,
	} {
		if got := Unknown(typed, Modes()).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

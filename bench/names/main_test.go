package main

import (
	"bytes"
	"strings"
	"testing"
)

func lines(t *testing.T, seed, n uint64) []string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, seed, n, "", ""); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestNames(t *testing.T) {
	const n = 100_000
	names := lines(t, 1, n)
	if len(names) != n {
		t.Fatalf("%d names, want %d", len(names), n)
	}
	seen := make(map[string]bool, n)
	letters := 0
	for _, name := range names {
		label, suffix, _ := strings.Cut(name, ".")
		if seen[label] {
			t.Fatalf("%s occurs twice", label)
		}
		seen[label] = true
		letters += len(label)
		bad := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' }
		if strings.ContainsFunc(label, bad) || label[0] == '-' || len(label) > 30 || len(suffix) < 2 {
			t.Fatalf("%q is not a name", name)
		}
	}
	if mean := float64(letters) / n; mean < 9 || mean > 12 {
		t.Errorf("labels have %.1f letters on average, want 9 to 12", mean)
	}
}

func TestNamesAreTheSame(t *testing.T) {
	long, short, other := lines(t, 1, 1000), lines(t, 1, 100), lines(t, 2, 100)
	same := 0
	for i, name := range short {
		if long[i] != name {
			t.Fatalf("name %d is %s in a list of 100 and %s in one of 1000", i, name, long[i])
		}
		if other[i] == name {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d names of 100 are the same for another seed", same)
	}
}

func TestAround(t *testing.T) {
	var b bytes.Buffer
	if err := write(&b, 1, 1, "_mta-sts.", " TXT"); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.HasPrefix(s, "_mta-sts.") || !strings.HasSuffix(s, " TXT\n") {
		t.Errorf("printed %q", s)
	}
}

package mtasts

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"stsscan/internal/codes"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func sentinels() []error {
	return []error{ErrNoRecord, ErrMultipleRecords, ErrRecordSyntax, ErrDNS, ErrNoPolicy, ErrPolicyFetch, ErrPolicySyntax}
}

// wantOne fails unless err wraps exactly one sentinel, and returns its name; nil wraps none.
func wantOne(t *testing.T, err error) codes.Sentinel {
	t.Helper()
	wrapped := 0
	for _, s := range sentinels() {
		if errors.Is(err, s) {
			wrapped++
		}
	}
	if err != nil && wrapped != 1 {
		t.Errorf("%v wraps %d sentinels", err, wrapped)
	}
	return Sentinel(err)
}

func TestSentinel(t *testing.T) {
	for i, s := range sentinels() {
		if got := wantOne(t, failure(s, "reason", errors.New("cause"))); got != codes.Sentinels()[i] {
			t.Errorf("%v has the name %q", s, got)
		}
		for _, other := range sentinels() {
			// A cause that is an error of this package does not make it two.
			if got := wantOne(t, failure(s, "reason", failure(other, "reason", nil))); got != codes.Sentinels()[i] {
				t.Errorf("%v about %v has the name %q", s, other, got)
			}
		}
	}
	if got := Sentinel(nil); got != "" {
		t.Errorf("nil has the name %q", got)
	}
	if got := Sentinel(errors.New("mtasts: no record")); got != "" {
		t.Errorf("another package's error has the name %q", got)
	}
}

func TestClean(t *testing.T) {
	long := string(slices.Repeat([]byte("\u00fc"), 400)) // 800 octets
	for in, want := range map[string]string{
		"":               "",
		"nginx/1.22":     "nginx/1.22",
		"a\xffb":         "a\uFFFDb",
		"x" + long:       "x" + long[:510], // the 512th octet is half a character
		long[:512] + "y": long[:512],
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

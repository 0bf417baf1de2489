package terminal

import (
	"testing"
	"time"
)

func TestSpeed(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "", -1: "", 0.001: "1 domains/min", 0.1: "6 domains/min", 0.99: "59 domains/min", 1: "1 domains/s", 43210.7: "43,211 domains/s",
	} {
		if got := Speed(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12_345: "12,345", 300_000_000: "300,000,000", -5: "-5", -999: "-999",
		-1000: "-1,000", -123_456: "-123,456",
	} {
		if got := Number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestOctetsText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1 kB", 1540: "1.54 kB", 20e6: "20 MB", 999_999: "1 MB", 31e9: "31 GB", 2.5e12: "2.5 TB",
	} {
		if got := Octets(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", -time.Second: "", time.Second: "1 s left", 59 * time.Second: "59 s left", time.Minute: "1 min left",
		61 * time.Second: "1 min 10 s left", 10 * time.Hour: "10 h left",
	} {
		if got := Left(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 1: "1 s", time.Second: "1 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		250 * time.Second: "4 min 10 s", time.Hour: "1 h", time.Hour + time.Second: "1 h 1 min",
		26*time.Hour + 5*time.Minute + time.Second: "26 h 6 min", time.Hour - 1: "1 h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	now := time.Date(2026, 11, 30, 22, 42, 0, 0, zone)
	for _, tt := range []struct {
		t    time.Time
		want string
	}{
		{time.Date(2026, 11, 30, 20, 47, 35, 0, time.UTC), "22:47:35"},
		{time.Date(2026, 11, 30, 20, 47, 34, 1, time.UTC), "22:47:35"},
		{time.Date(2026, 11, 30, 22, 1, 2, 0, time.UTC), "2026-12-01 00:01:02"},
		{time.Date(2027, 11, 30, 22, 47, 35, 0, zone), "2027-11-30 22:47:35"},
	} {
		if got := Clock(tt.t, now); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.t, got, tt.want)
		}
	}
}

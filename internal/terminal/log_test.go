package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestFormatOf(t *testing.T) {
	for args, want := range map[string]Format{
		"": FormatText, "scan --log-format json list": FormatJSON, "scan --log-format=json": FormatJSON,
		"scan --log-format text": FormatText, "scan --log-format": FormatText, "scan --log-format xml": FormatText,
		"scan --bogus --log-format=json": FormatJSON, "scan --log-format=json --log-format text": FormatText,
		"lookup -- --log-format=json": FormatText, "scan json": FormatText,
	} {
		if got := FormatOf(strings.Fields(args)); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}

// In JSON each line is an object, whatever is written; in text a sentence stands as it is.
func TestFormats(t *testing.T) {
	write := func(format Format) string {
		var out bytes.Buffer
		c := NewConsole(&out)
		c.SetFormat(format)
		log := c.Log(false, false)
		log.Info("progress", "left", "18 s left", "domains", 3, "after", 5*time.Minute)
		log.Debug("hidden")
		c.Say("scanned in 3s")
		c.Fail("a: no such file\nb: \"neither\"")
		return out.String()
	}
	const end = "scanned in 3s\nstsscan: a: no such file\nb: \"neither\"\n"
	if got := write(FormatText); !strings.HasSuffix(got, end) ||
		!strings.Contains(got, `level=INFO msg=progress left="18 s left" domains=3 after=5m0s`) ||
		strings.Contains(got, "hidden") {
		t.Errorf("text: %s", got)
	}
	var messages []string
	for line := range strings.Lines(write(FormatJSON)) {
		var object struct{ Time, Level, Msg, After string }
		if err := json.Unmarshal([]byte(line), &object); err != nil || object.Time == "" {
			t.Errorf("%v: %s", err, line)
		}
		messages = append(messages, strings.TrimSpace(object.Level+" "+object.Msg+" "+object.After))
	}
	want := "INFO progress 5m0s|INFO scanned in 3s|ERROR stsscan: a: no such file\nb: \"neither\""
	if got := strings.Join(messages, "|"); got != want {
		t.Errorf("JSON: %q, want %q", got, want)
	}
}

func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		quiet, verbose bool
		want           string
	}{
		{false, false, "info warn"}, {true, false, "warn"},
		{false, true, "debug info warn"}, {true, true, "debug info warn"},
	} {
		var out bytes.Buffer
		log := NewConsole(&out).Log(tt.quiet, tt.verbose)
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn")
		var got []string
		for line := range strings.Lines(out.String()) {
			_, message, _ := strings.Cut(strings.TrimSpace(line), "msg=")
			got = append(got, message)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("quiet %v, verbose %v: %q, want %q", tt.quiet, tt.verbose, got, tt.want)
		}
	}
}

func TestParseMode(t *testing.T) {
	for _, tt := range []struct {
		value  string
		quiet  bool
		format Format
		want   Mode
	}{
		{"auto", false, FormatText, ModeLog}, // a buffer is no terminal
		{"auto", false, FormatJSON, ModeLog},
		{"on", false, FormatText, ModeLine},
		{"off", false, FormatText, ModeOff},
		{"auto", true, FormatText, ModeOff},
		{"on", true, FormatText, ModeOff},
		{"on", false, FormatJSON, ""},
		{"on", true, FormatJSON, ""},
		{"log", false, FormatText, ""},
		{"", false, FormatText, ""},
	} {
		c := NewConsole(new(bytes.Buffer))
		c.SetFormat(tt.format)
		if got, err := c.ParseMode(tt.value, tt.quiet); got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
}

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"

	"github.com/spf13/pflag"
)

// testFlags has one flag of each kind.
func testFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.Float64("rate", 0, "")
	flags.Float64("host-rate", 2, "")
	flags.Int("passes", 2, "")
	flags.Uint64("seed", 1, "")
	flags.Bool("probe-mx", false, "")
	flags.Bool("preflight", true, "")
	flags.Duration("timeout", 5e9, "")
	flags.String("output", "", "")
	flags.String("contact", "", "")
	flags.String("resolvers", "", "")
	flags.String("sim", "", "")
	flags.Bool("0x20", false, "")
	flags.StringSlice("tags", nil, "")
	flags.String("from", "", "")
	flags.String("config", "", "")
	flags.Bool("help", false, "")
	return flags
}

// apply applies a file, variables, and a command line, each with spaces between its words.
func apply(t *testing.T, file, environ, line string) (*pflag.FlagSet, *Settings, error) {
	t.Helper()
	flags := testFlags()
	if err := flags.Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	other := pflag.NewFlagSet("other", pflag.ContinueOnError)
	other.Bool("json", false, "")
	other.String("fail-on", "", "")
	other.Float64("rate", 0, "")
	c := Config{
		Nearest: codes.Nearest[string],
		Flags:   flags, Others: []*pflag.FlagSet{other}, Not: []string{"help"}, FileFlag: "config",
		Prefix: "APP_", Environ: strings.Fields(environ), Known: []string{"APP_SHARDS", "APP_TEST_"},
		Lists: "lists", TakesLists: true, Args: flags.Args(),
		Divided:   []string{"resolvers"},
		InPlaceOf: map[string][]string{"sim": {"resolvers"}, "from": {"lists", "tags"}, "lists": {"from"}},
	}
	if file != "" {
		t.Chdir(t.TempDir())
		if err := os.WriteFile("f.yaml", []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		c.Environ = append(c.Environ, "APP_CONFIG=f.yaml")
	}
	settings, err := Apply(c)
	return flags, settings, err
}

// Flags hold over variables, those over the file, and that over defaults. What is set is as good as given.
func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		file, environ, line string
		flag, want, origin  string
	}{
		{"", "", "", "passes", "2", ""},
		{"passes: 3", "", "", "passes", "3", "f.yaml:1"},
		{"# why\npasses: 3", "APP_PASSES=4", "", "passes", "4", "APP_PASSES"},
		{"passes: 3", "APP_PASSES=4", "--passes 5", "passes", "5", ""},
		{"passes: 3", "", "--passes 2", "passes", "2", ""}, // a default that is given holds too
		{"passes: 3", "APP_PASSES=", "", "passes", "3", "f.yaml:1"},
		{"rate: 500", "", "", "rate", "500", "f.yaml:1"},
		{"rate: 1e3", "", "", "rate", "1000", "f.yaml:1"},
		{"rate: \"500\"", "", "", "rate", "500", "f.yaml:1"},
		{"", "APP_HOST_RATE=0.5", "", "host-rate", "0.5", "APP_HOST_RATE"},
		{"", "APP_0X20=true", "", "0x20", "true", "APP_0X20"},
		{"probe-mx: true", "", "", "probe-mx", "true", "f.yaml:1"},
		{"preflight: false", "", "", "preflight", "false", "f.yaml:1"},
		{"timeout: 90s", "", "", "timeout", "1m30s", "f.yaml:1"},
		{"tags: [owner, team]", "", "", "tags", "[owner,team]", "f.yaml:1"},
		{"tags:\n  - owner\n  - team # whose\n", "", "", "tags", "[owner,team]", "f.yaml:1"},
		{"tags: owner,team", "", "", "tags", "[owner,team]", "f.yaml:1"},
		{"tags: [\"a,b\"]", "", "", "tags", "[\"a,b\"]", "f.yaml:1"},
		{"tags: [owner]", "APP_TAGS=team,site", "", "tags", "[team,site]", "APP_TAGS"},
		{"tags: [owner]", "", "--tags team", "tags", "[team]", ""},
		{"tags: []", "", "", "tags", "[]", "f.yaml:1"},
		{"resolvers: [192.0.2.1, 192.0.2.2]", "", "", "resolvers", "192.0.2.1,192.0.2.2", "f.yaml:1"},
		{"resolvers: 192.0.2.1", "", "", "resolvers", "192.0.2.1", "f.yaml:1"},
		{"contact: ''", "", "", "contact", "", "f.yaml:1"},
		{"---\n{contact: a@example.org}\n", "", "", "contact", "a@example.org", "f.yaml:2"},
		{"# nothing\n", "", "", "contact", "", ""},
		{"---\n", "", "", "contact", "", ""},
		{"json: true", "APP_FAIL_ON=broken", "", "contact", "", ""}, // those of other commands
		// The simulated Internet stands in place of resolvers that are named further from the command line.
		{"resolvers: 192.0.2.1", "APP_SIM=top", "", "resolvers", "", ""},
		{"resolvers: 192.0.2.1", "", "--sim top", "resolvers", "", ""},
		{"resolvers: 192.0.2.1", "APP_SIM=top", "--sim=", "resolvers", "192.0.2.1", "f.yaml:1"},
		{"resolvers: 192.0.2.1\nsim: top", "", "", "resolvers", "192.0.2.1", "f.yaml:1"}, // for the command to refuse
		{"sim: top", "", "--resolvers 192.0.2.1", "sim", "top", "f.yaml:1"},
	} {
		t.Run(tt.file+" "+tt.environ+" "+tt.line, func(t *testing.T) {
			flags, settings, err := apply(t, tt.file, tt.environ, tt.line)
			if err != nil {
				t.Fatal(err)
			}
			if got := flags.Lookup(tt.flag).Value.String(); got != tt.want {
				t.Errorf("--%s is %s, want %s", tt.flag, got, tt.want)
			}
			at := slices.IndexFunc(settings.All, func(s Setting) bool { return s.Name == tt.flag })
			if s := settings.All[at]; s.elsewhere() != (tt.origin != "") || s.elsewhere() && s.Origin != tt.origin {
				t.Errorf("--%s is from %q, want %q", tt.flag, s.Origin, tt.origin)
			}
			if changed := tt.origin != "" || strings.Contains(tt.line, "--"+tt.flag); flags.Changed(tt.flag) != changed {
				t.Errorf("--%s counts as given: %v", tt.flag, !changed)
			}
			if settings.Warnings != nil {
				t.Errorf("warns: %q", settings.Warnings)
			}
		})
	}
}

// The arguments of a command are a setting, too.
func TestLists(t *testing.T) {
	for _, tt := range []struct{ file, environ, line, want string }{
		{"", "", "a b,c", "a|b,c"},
		{"lists: [a, 'b,c']", "", "", "a|b,c"},
		{"lists: a", "", "", "a"},
		{"lists: [a]", "", "b", "b"},
		{"lists: [a]", "APP_LISTS=b,c", "", "b|c"},
		{"lists: [a]", "", "--from run", ""},
		{"lists: [a]\nfrom: run", "", "", "a"}, // for the command to refuse
	} {
		_, settings, err := apply(t, tt.file, tt.environ, tt.line)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(settings.Args, "|"); got != tt.want {
			t.Errorf("%q %q %q: %s, want %s", tt.file, tt.environ, tt.line, got, tt.want)
		}
	}
}

// What gave way itself makes nothing give way.
func TestGaveWay(t *testing.T) {
	for range 20 { // in whatever order the flags are looked at
		flags, settings, err := apply(t, "tags: [owner]\nlists: [a]", "APP_FROM=run", "b")
		if err != nil {
			t.Fatal(err)
		}
		from, tags := flags.Lookup("from").Value.String(), flags.Lookup("tags").Value.String()
		if from != "" || tags != "[owner]" || !slices.Equal(settings.Args, []string{"b"}) {
			t.Fatalf("--from %s --tags %s %v", from, tags, settings.Args)
		}
	}
}

// The flag that names the file holds over the variable.
func TestNamedFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("g.yaml", []byte("rate: 7"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := testFlags()
	if err := flags.Parse([]string{"--config", "g.yaml"}); err != nil {
		t.Fatal(err)
	}
	c := Config{
		Flags: flags, FileFlag: "config", Nearest: codes.Nearest[string], Prefix: "APP_",
		Environ: []string{"APP_CONFIG=missing"},
	}
	if _, err := Apply(c); err != nil || flags.Lookup("rate").Value.String() != "7" {
		t.Errorf("rate %s, %v", flags.Lookup("rate").Value, err)
	}
}

// An error that is about flags says where they were set, unless that is the command line.
func TestBlame(t *testing.T) {
	for message, want := range map[string]string{
		"--rate 5: too many":                 "--rate 5: too many (--rate: APP_RATE)",
		"--sim, --rate: leave out --rate":    "--sim, --rate: leave out --rate (--rate: APP_RATE, --sim: f.yaml:1)",
		"--passes 3: too many":               "--passes 3: too many",
		"--timeout 5s: too long":             "--timeout 5s: too long",
		"--rate-of-change, rate and --sims.": "--rate-of-change, rate and --sims.",
	} {
		_, settings, err := apply(t, "sim: top", "APP_RATE=5", "--passes 3")
		if err != nil {
			t.Fatal(err)
		}
		cause := errors.New(message)
		if got := settings.Blame(cause); got.Error() != want || !errors.Is(got, cause) {
			t.Errorf("%s: %v, want %s", message, got, want)
		}
	}
	if err := new(Settings).Blame(nil); err != nil {
		t.Errorf("of no error: %v", err)
	}
}

func TestShown(t *testing.T) {
	for value, want := range map[string]string{
		"socks5://127.0.0.1:1080": "socks5://127.0.0.1:1080", "socks5://me:secret@192.0.2.1": "socks5://me:xxxxx@192.0.2.1",
		"socks5://me@192.0.2.1": "socks5://me@192.0.2.1", "socks5://me:sec%ret@192.0.2.1": "xxxxx",
		"socks5://me:sec/ret@192.0.2.1": "xxxxx", "me:secret": "me:secret", "a@example.org": "a@example.org",
		"https://example.org:8443/@team": "https://example.org:8443/@team", "": "", "@list": "@list", "5m0s": "5m0s",
	} {
		if got := Shown(value); got != want {
			t.Errorf("%s: shown as %s, want %s", value, got, want)
		}
	}
}

// What a file or a variable cannot say is an error that names it.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ file, environ, want string }{
		{"rate: 5\nraet: 5\n", "", `f.yaml:2: unknown setting "raet": did you mean rate?`},
		{"host_rate: 5", "", `f.yaml:1: unknown setting "host_rate": did you mean host-rate?`},
		{"Rate: 5", "", `f.yaml:1: unknown setting "Rate": did you mean rate?`},
		{"colour: 5", "", `f.yaml:1: unknown setting "colour"`},
		{"scan:\n  rate: 5\n", "", `f.yaml:1: unknown setting "scan"`},
		{"5: 5", "", `f.yaml:1: unknown setting "5"`},
		{"{a: b}: 5", "", `f.yaml:1: unknown setting ""`},
		{"<<: {rate: 5}", "", `f.yaml:1: unknown setting "<<"`},
		{"rate: 5\npasses: 2\nrate: 6\n", "", "f.yaml:3: rate is in line 1 already"},
		{"rate:\n  of: 5\n", "", "f.yaml:1: rate: has settings below it"},
		{"rate:", "", "f.yaml:1: rate: has no value"},
		{"tags: [owner, ~]", "", "f.yaml:1: tags: has no value"},
		{"tags: [[owner]]", "", "f.yaml:1: tags: has a list in a list"},
		{"tags: &a [owner, *a]", "", "f.yaml:1: tags: has the alias *a"},
		{"contact: [a@example.org, b@example.org]", "", "f.yaml:1: contact: takes one value, and no list"},
		{"\nrate: fast", "", `f.yaml:2: rate: "fast" must be a number`},
		{"passes: 2.5", "", `f.yaml:1: passes: "2.5" must be a whole number`},
		{"seed: -1", "", `f.yaml:1: seed: "-1" must be a whole number from 0 on`},
		{"timeout: 5", "", `f.yaml:1: timeout: "5" must be a time with its unit`},
		{"probe-mx: yes", "", `f.yaml:1: probe-mx: "yes" must be true or false`},
		{"", "APP_RATE=fast", `APP_RATE: "fast" must be a number`},
		{"rate: 5", "APP_PROBE_MX=si", `APP_PROBE_MX: "si" must be true or false`},
		{"- rate: 5", "", "f.yaml:1: must have settings"},
		{"rate", "", "f.yaml:1: must have settings"},
		{"rate: 5\n---\nrate: 6\n", "", "f.yaml:2: a second document"},
		{"passes: 2\nrate: [5\n", "", "f.yaml:2: not YAML: did not find expected"},
		{"passes: 2\n- rate\n", "", "f.yaml:2: not YAML: did not find expected"},
		{"passes: 2\nrate 5\nseed: 2", "", "f.yaml:2: not YAML: "},
		{"rate: 5\n\tpasses: 2\n", "", "f.yaml:2: not YAML: "},
		{"contact: a: b\n", "", "f.yaml:1: not YAML: "},
		{"rate: 5\ncontact: \x01\n", "", "f.yaml:2: must be text"},
		{"rate: 5\ncontact: \xff\n", "", "f.yaml:2: must be text"},
		{"contact: *a", "", "f.yaml: not YAML: unknown anchor"},
		{"# " + strings.Repeat("x", maxFile), "", "f.yaml: larger than"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, _, err := apply(t, tt.file, tt.environ, "")
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%q: %v", tt.file[:min(len(tt.file), 80)], err)
			}
		})
	}
}

// A variable that sets nothing is told of, with what may have been meant.
func TestUnknownVariables(t *testing.T) {
	for line, want := range map[string]string{
		"APP_RAET=5":      "APP_RAET sets nothing: did you mean APP_RATE?",
		"APP_HOSTRATE=5":  "APP_HOSTRATE sets nothing: did you mean APP_HOST_RATE?",
		"APP_rate=5":      "APP_rate sets nothing",
		"APP_COLOUR=blue": "APP_COLOUR sets nothing",
		"APP_JSN=true":    "APP_JSN sets nothing: did you mean APP_JSON?", // of another command
		// No setting, or no value, and nothing to tell of.
		"APP_RAET=": "", "RATE=5": "", "MYAPP_RAET=5": "", "APP=5": "", "APP_SHARDS=16": "", "APP_TEST_BED=1": "",
		// Of Kubernetes, for the Services app and app-metrics.
		"APP_SERVICE_HOST=192.0.2.1": "", "APP_SERVICE_PORT=80": "", "APP_SERVICE_PORT_HTTP=80": "",
		"APP_PORT=tcp://192.0.2.1:80": "", "APP_PORT_80_TCP=tcp://192.0.2.1:80": "", "APP_PORT_80_TCP_PROTO=tcp": "",
		"APP_PORT_80_TCP_PORT=80": "", "APP_PORT_80_TCP_ADDR=192.0.2.1": "", "APP_PORT_53_UDP_ADDR=192.0.2.1": "",
		"APP_METRICS_SERVICE_HOST=192.0.2.1": "", "APP_METRICS_PORT_9090_TCP=tcp://192.0.2.1:9090": "",
	} {
		_, settings, err := apply(t, "", line, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(settings.Warnings, "\n"); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: warns %q, want %q", line, got, want)
		}
	}
}

// What is written has the same effect as a file, and tells where each setting is from.
func TestWrite(t *testing.T) {
	const file = "contact: 'a # b: c'\nresolvers: [192.0.2.1, 192.0.2.2]\ntags: ['a,b', ~x, '~']\ntimeout: 90s\nsim: ''\n"
	flags, settings, err := apply(t, file, "APP_RATE=5 APP_OUTPUT=socks5://me:secret@192.0.2.3", "--passes 3")
	if err != nil {
		t.Fatal(err)
	}
	var brief, full strings.Builder
	if err := settings.Write(&brief, false); err != nil {
		t.Fatal(err)
	}
	const want = `contact: 'a # b: c' # f.yaml:1
# output: socks5://me:xxxxx@192.0.2.3 # APP_OUTPUT, with a password that is not shown
passes: 3 # command line
rate: 5 # APP_RATE
resolvers: [192.0.2.1, 192.0.2.2] # f.yaml:2
sim: "" # f.yaml:5
tags: ['a,b', ~x, "~"] # f.yaml:3
timeout: 90s # f.yaml:4
`
	if brief.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", brief.String(), want)
	}
	if err := settings.Write(&full, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(full.String(), "\n# host-rate: 2 # default\n") {
		t.Errorf("with all:\n%s", full.String())
	}
	for _, text := range []string{brief.String(), full.String()} {
		again, _, err := apply(t, text, "", "")
		if err != nil {
			t.Fatal(err)
		}
		flags.VisitAll(func(f *pflag.Flag) {
			if got := again.Lookup(f.Name); f.Name != "output" &&
				(got.Value.String() != f.Value.String() || got.Changed != f.Changed) {
				t.Errorf("--%s is %s, and was %s", f.Name, got.Value, f.Value)
			}
		})
	}
}

// A file has its name as it was given, and its hash. One that cannot be read is an error of the system.
func TestFile(t *testing.T) {
	_, settings, err := apply(t, "rate: 5\n", "", "")
	if err != nil {
		t.Fatal(err)
	}
	const sum = "bff8e73eb7817414165ec78f581a2586"
	if f := settings.File; f.Name != "f.yaml" || !strings.HasPrefix(f.SHA256, sum) {
		t.Errorf("file %s, %s", f.Name, f.SHA256)
	}
	if _, settings, _ := apply(t, "", "", ""); settings.File != nil {
		t.Errorf("a file without one: %v", settings.File)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()} {
		c := Config{
			Flags: testFlags(), FileFlag: "config", Nearest: codes.Nearest[string], Prefix: "APP_",
			Environ: []string{"APP_CONFIG=" + path},
		}
		_, err := Apply(c)
		if _, ok := errors.AsType[*fs.PathError](err); !ok || !strings.HasPrefix(err.Error(), "APP_CONFIG: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

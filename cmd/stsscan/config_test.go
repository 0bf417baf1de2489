package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A setting means the same to each command that takes it from a file, and Kubernetes sets no variable of that name
// for a Service called stsscan.
func TestSettings(t *testing.T) {
	seen := make(map[string]*pflag.Flag)
	commands := configurable(newRoot(streams{}))
	for _, cmd := range commands {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if other := seen[f.Name]; other != nil && other.Value.Type() != f.Value.Type() {
				t.Errorf("--%s is a %s and a %s", f.Name, other.Value.Type(), f.Value.Type())
			}
			seen[f.Name] = f
			if regexp.MustCompile(`(^|-)(service-host|service-port.*|port)$`).MatchString(f.Name) || f.Name == "lists" {
				t.Errorf("--%s: its name has another meaning in the environment or in a file", f.Name)
			}
		})
	}
	if len(commands) != 3 || seen["rate"] == nil {
		t.Errorf("flags of %d commands", len(commands))
	}
}

// A flag that takes a list takes one of a file, and each other takes one value.
func TestListSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, cmd := range configurable(newRoot(streams{})) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains([]string{helpFlag, helpAllFlag, configFlag}, f.Name) {
				return
			}
			if err := os.WriteFile("f.yaml", []byte(f.Name+": [\"1\", \"2\"]\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := commandNamed(t, cmd.Name())
			if err := cmd.ParseFlags([]string{"--config", "f.yaml"}); err != nil {
				t.Fatal(err)
			}
			value := strings.Join(f.Annotations[valueKey], "")
			isList := value == "LIST" || strings.HasSuffix(value, ",...")
			_, err := applySettings(cmd, nil, streams{err: t.Output()})
			if got := strings.Trim(cmd.Flag(f.Name).Value.String(), "[]"); (err == nil) != isList || isList && got != "1,2" {
				t.Errorf("%s --%s: %s, %v", cmd.Name(), f.Name, got, err)
			}
		})
	}
}

// No variable that scripts, tests and deployments of the project set is warned of.
func TestVariablesOfTheProject(t *testing.T) {
	found := make(map[string]bool)
	for _, dir := range []string{".ci", "bench", "deploy", "internal", "analysis"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, name := range regexp.MustCompile(`\bSTSSCAN_[A-Z][A-Z0-9_]*[A-Z0-9]\b`).FindAllString(string(text), -1) {
				found[name] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !found["STSSCAN_SHARDS"] || !found["STSSCAN_BED"] {
		t.Fatalf("found %v", found)
	}
	delete(found, "STSSCAN_CONFIG") // which names a file
	for name := range found {
		t.Setenv(name, "1")
	}
	var said strings.Builder
	if _, err := applySettings(commandNamed(t, "scan"), nil, streams{err: &said}); err != nil || said.Len() > 0 {
		t.Errorf("%v %s", err, said.String())
	}
}

// Passwords are not in run.json.
func TestPasswordsAreLeftOut(t *testing.T) {
	cmd := commandNamed(t, "scan")
	if err := cmd.ParseFlags([]string{"--proxy", "socks5://me:secret@127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	if got := settings(cmd.Flags())["proxy"]; got != "socks5://me:xxxxx@127.0.0.1" {
		t.Errorf("proxy %s", got)
	}
}

package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Each flag stands in a group, has a word for its value and a text that fits in a line or three.
func TestFlagGroups(t *testing.T) {
	for _, cmd := range newRoot(streams{}).Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			names := f.Annotations[groupKey]
			if len(names) != 1 || !slices.Contains(flagGroups(), flagGroup(names[0])) {
				t.Errorf("%s --%s: in the groups %q", cmd.Name(), f.Name, names)
			}
			value := strings.Join(f.Annotations[valueKey], "")
			if takes := f.NoOptDefVal == ""; takes != (value != "") || strings.ToUpper(value) != value {
				t.Errorf("%s --%s: its value is called %q", cmd.Name(), f.Name, value)
			}
			if len(f.Usage) > 150 || strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: %s", cmd.Name(), f.Name, f.Usage)
			}
		})
	}
}

// Flags for experts are shown by --help-all, which needs no arguments, and by completion.
func TestHelpAll(t *testing.T) {
	for _, command := range []string{"scan", "lookup"} {
		brief, full := helpOf(t, command, "--help"), helpOf(t, command, "--help-all")
		for name, want := range map[string][2]bool{
			"--resolvers ": {true, true}, "--udp ": {false, true}, "--host-queue ": {false, true}, "--help-all ": {true, true},
		} {
			if got := [2]bool{strings.Contains(brief, name), strings.Contains(full, name)}; got != want {
				t.Errorf("%s: %s is shown: %v, want %v", command, name, got, want)
			}
		}
	}
	if out := helpOf(t, "__complete", "scan", "--ud"); !strings.Contains(out, "--udp") {
		t.Errorf("completion of --ud: %s", out)
	}
	values := settings(commandNamed(t, "scan").Flags())
	if _, ok := values["udp"]; !ok || values["help"] != "" || values["help-all"] != "" {
		t.Errorf("settings for run.json: %v", values)
	}
}

// Help fits a terminal of 80 columns.
func TestHelpWidth(t *testing.T) {
	for _, args := range append(commandLinesOfHelp(t), []string{"--help"}, []string{"scan", "--help-all"}) {
		for line := range strings.Lines(helpOf(t, args...)) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("%s: %s", strings.Join(args, " "), line)
			}
		}
	}
}

func commandLinesOfHelp(t *testing.T) (lines [][]string) {
	for _, cmd := range newRoot(streams{}).Commands() {
		lines = append(lines, []string{cmd.Name(), "--help"})
	}
	return lines
}

// Each command has three examples, whose flags and arguments it takes.
func TestExamples(t *testing.T) {
	for _, cmd := range newRoot(streams{}).Commands() {
		lines := strings.Split(cmd.Example, "\n")
		if len(lines) != 3 {
			t.Errorf("%s has %d examples", cmd.Name(), len(lines))
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(line, " #")
			line, _, _ = strings.Cut(line, " |")
			line, _, _ = strings.Cut(line, " >")
			line, _, _ = strings.Cut(line, " &&")
			args := strings.Fields(line)
			if len(args) < 2 || args[0] != "stsscan" || args[1] != cmd.Name() {
				t.Errorf("%s: %q", cmd.Name(), line)
				continue
			}
			cmd := commandNamed(t, cmd.Name()) // whose flags are as they were
			if err := cmd.ParseFlags(args[2:]); err != nil {
				t.Errorf("%q: %v", line, err)
			} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
}

func TestDurationText(t *testing.T) {
	for _, text := range []string{"5s", "1m", "10m", "1h", "1h30m", "1m30s", "1h0m5s", "250ms"} {
		f := &pflag.Flag{DefValue: text, Value: commandNamed(t, "scan").Flag("timeout").Value}
		if got := defaultOf(f); got != " (default "+text+")" {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func commandNamed(t *testing.T, name string) *cobra.Command {
	t.Helper()
	cmd, _, err := newRoot(streams{}).Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// helpOf is the output of a command line.
func helpOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, problems strings.Builder
	std := streams{in: strings.NewReader(""), out: &out, err: &problems}
	if status := run(t.Context(), std, args); status != exitDone {
		t.Fatalf("%q: status %d, %s", args, status, problems.String())
	}
	return out.String()
}

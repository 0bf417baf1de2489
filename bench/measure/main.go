// Command measure runs one client against a fresh responder and records its cost as a sample. It also makes tables of
// samples.
//
//	measure run --scenario zero --client dnsperf --round 1 --names 1000000 \
//	    --responder "responder --listen 127.0.0.1:0" --samples samples.jsonl \
//	    -- dnsperf -s @HOST@ -p @PORT@ -d list -e
//	measure table --markdown table.md --json table.json samples.jsonl
//	measure bounds --markdown table.md samples.jsonl
//
// Without --responder the client brings its own. The command of --check runs after the client and may look at its
// files.
//
// The cost is the user and system time that the system has charged to the client and its children.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 0 && args[0] == "run":
		return runClient(args[1:])
	case len(args) > 0 && args[0] == "table":
		return printTables(args[1:])
	case len(args) > 0 && args[0] == "bounds":
		return printBounds(args[1:])
	}
	return errors.New("usage: measure run|table|bounds")
}

func runClient(args []string) error {
	var s sample
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&s.Scenario, "scenario", "", "`name` of the scenario")
	flags.StringVar(&s.Client, "client", "", "`name` of the client")
	flags.IntVar(&s.Round, "round", 1, "`number` of the round")
	flags.IntVar(&s.Names, "names", 0, "`number` of names that the client gets")
	flags.IntVar(&s.Silent, "silent", 0, "`number` of them that never answer")
	command := flags.String("responder", "", "`command` of the responder, split at spaces; empty: none")
	check := flags.String("check", "", "`command` that must succeed after the client, split at spaces")
	samples := flags.String("samples", "samples.jsonl", "append the sample to this `file`")
	pin := flags.Bool("pin", true, "run the client on core 0 and the responder on core 1")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.Names < 1 || flags.NArg() == 0 {
		return errors.New("run needs --names and the command of the client")
	}
	if err := s.measure(strings.Fields(*command), flags.Args(), strings.Fields(*check), *pin); err != nil {
		return fmt.Errorf("%s, %s, round %d: %w", s.Scenario, s.Client, s.Round, err)
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(*samples, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		f.Close()
		return err
	}
	fmt.Fprintf(os.Stderr, "%-9s round %d %-16s %8d names %8.2f us %9.0f/s %7.1f s %7.1f MiB %.4f questions %d unknown\n",
		s.Scenario, s.Round, s.Client, s.Names, s.perName(), s.rate(), s.Wall, s.PeakMiB, s.questions(), s.Unknown)
	return f.Close()
}

func printTables(args []string) error {
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	markdown := flags.String("markdown", "", "`file` for the tables; empty is standard output")
	asJSON := flags.String("json", "", "`file` for the same figures as JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	samples, err := readSamples(flags.Args())
	if err != nil {
		return err
	}
	tables := tabulate(samples)
	text := printMarkdown(tables)
	if *markdown == "" {
		fmt.Print(text)
	} else if err := os.WriteFile(*markdown, []byte(text), 0o666); err != nil {
		return err
	}
	if *asJSON == "" {
		return nil
	}
	b, err := json.MarshalIndent(tables, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*asJSON, append(b, '\n'), 0o666)
}

func printBounds(args []string) error {
	flags := flag.NewFlagSet("bounds", flag.ContinueOnError)
	markdown := flags.String("markdown", "", "`file` for the tables; empty is standard output")
	if err := flags.Parse(args); err != nil {
		return err
	}
	samples, err := readSamples(flags.Args())
	if err != nil {
		return err
	}
	text, hold := boundTables(samples)
	if *markdown == "" {
		fmt.Print(text)
	} else if err := os.WriteFile(*markdown, []byte(text), 0o666); err != nil {
		return err
	}
	if !hold {
		return errors.New("a bound is exceeded")
	}
	return nil
}

// pinned runs a command on one core if pin is set.
func pinned(pin bool, core string, command []string) *exec.Cmd {
	if pin {
		command = append([]string{"taskset", "-c", core}, command...)
	}
	return exec.Command(command[0], command[1:]...)
}

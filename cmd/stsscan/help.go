package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/explain"
	"stsscan/internal/terminal"
)

// writeHelp prints what a command does, how to call it, and its flags by group.
func writeHelp(cmd *cobra.Command, _ []string) {
	var text strings.Builder
	section := func(title, body string) {
		if body != "" {
			fmt.Fprintf(&text, "\n%s:\n%s\n", title, strings.TrimRight(body, "\n"))
		}
	}
	fmt.Fprintln(&text, strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	section("Usage", "  "+cmd.UseLine())
	section("Examples", cmd.Example)
	section("Commands", commandLines(cmd))

	flags, hidden := cmd.Flags(), 0
	width := min(terminal.Columns(cmd.OutOrStdout()), maxHelpWidth)
	groups := slices.DeleteFunc(flagGroups(), func(g flagGroup) bool { return g.flagsOf(flags) == nil })
	for _, group := range groups {
		switch list := group.flagsOf(flags); {
		case group == groupExpert && !flags.Changed(helpAllFlag):
			hidden = len(list)
		case len(groups) == 1:
			section("Flags", flagLines(list, width))
		default:
			section(string(group), flagLines(list, width))
		}
	}
	if hidden > 0 {
		fmt.Fprintf(&text, "\nNot shown: %d flags for experts. See %s --help-all\n", hidden, cmd.CommandPath())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&text, "\nFor the flags of a command, see %s COMMAND --help\n", cmd.CommandPath())
	}
	_, _ = io.WriteString(cmd.OutOrStdout(), text.String())
}

// commandLines has a line for each command below cmd.
func commandLines(cmd *cobra.Command) (lines string) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			lines += fmt.Sprintf("  %-12s%s\n", sub.Name(), sub.Short)
		}
	}
	return lines
}

const (
	flagColumns  = 28  // of a flag with its value, before the text
	maxHelpWidth = 100 // longer lines are hard to read
)

// flagLines has a line for each flag, or several where its text needs more than width.
func flagLines(flags []*pflag.Flag, width int) (lines string) {
	for _, f := range flags {
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		name = strings.Join(append([]string{name}, f.Annotations[valueKey]...), " ")
		texts := explain.Wrap(f.Usage+defaultOf(f), max(width-flagColumns, flagColumns))
		if len(name)+2 > flagColumns {
			texts = slices.Insert(texts, 0, "")
		}
		for i, text := range texts {
			if i > 0 {
				name = ""
			}
			lines += strings.TrimRight(fmt.Sprintf("%-*s%s", flagColumns, name, text), " ") + "\n"
		}
	}
	return lines
}

// defaultOf is what the help says about the default of a flag; nothing where that is none or zero.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return ""
	case "true":
		return "; --" + f.Name + "=false turns it off"
	}
	if d, err := time.ParseDuration(f.DefValue); err == nil && f.Value.Type() == "duration" {
		return " (default " + durationText(d) + ")"
	}
	return " (default " + f.DefValue + ")"
}

// durationText is a duration as one types it: 5m rather than 5m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

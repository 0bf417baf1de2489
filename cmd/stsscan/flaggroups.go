package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A flagGroup is a heading of --help. Flags for experts are shown by --help-all only.
type flagGroup string

const (
	groupEveryday flagGroup = "Everyday flags"
	groupLists    flagGroup = "Lists"
	groupRun      flagGroup = "Passes, shards and progress"
	groupDNS      flagGroup = "DNS"
	groupHosts    flagGroup = "Policy Hosts"
	groupMail     flagGroup = "Mail"
	groupTestBed  flagGroup = "Simulated Internet"
	groupExpert   flagGroup = "Flags for experts"
)

// flagGroups lists every flagGroup, in the order of --help.
func flagGroups() []flagGroup {
	return []flagGroup{
		groupEveryday, groupLists, groupRun, groupDNS, groupHosts, groupMail, groupTestBed, groupExpert,
	}
}

// Annotations of a flag: its group, and the word for its value.
const (
	groupKey = "stsscan_group"
	valueKey = "stsscan_value"
)

// addTo adds to flags what register registers, as flags of the group. A usage may begin with the word for the
// value, as in "`N`: at most N".
func (g flagGroup) addTo(flags *pflag.FlagSet, register func(group *pflag.FlagSet)) {
	group := pflag.NewFlagSet(string(g), pflag.ContinueOnError)
	group.SortFlags = false
	register(group)
	group.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{groupKey: {string(g)}}
		if quoted, usage, ok := strings.Cut(f.Usage, "`: "); ok && strings.HasPrefix(quoted, "`") {
			f.Annotations[valueKey], f.Usage = []string{quoted[1:]}, usage
		}
		flags.AddFlag(f)
	})
}

// flagsOf are the flags of a group in the order in which they were added, those for experts by name.
func (g flagGroup) flagsOf(flags *pflag.FlagSet) (list []*pflag.Flag) {
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if groupOf(f) == g {
			list = append(list, f)
		}
	})
	if g == groupExpert {
		slices.SortFunc(list, func(a, b *pflag.Flag) int { return cmp.Compare(a.Name, b.Name) })
	}
	return list
}

// groupOf is the group of a flag. One that cobra added has none and stands with the everyday ones.
func groupOf(f *pflag.Flag) flagGroup {
	if names := f.Annotations[groupKey]; len(names) == 1 {
		return flagGroup(names[0])
	}
	return groupEveryday
}

// helpFlag and helpAllFlag are no settings of a command.
const (
	helpFlag    = "help"
	helpAllFlag = "help-all"
)

// addHelp adds --help and, where there are flags for experts, --help-all.
func addHelp(flags *pflag.FlagSet) {
	groupEveryday.addTo(flags, func(group *pflag.FlagSet) {
		group.BoolP(helpFlag, "h", false, "show this help")
		if groupExpert.flagsOf(flags) != nil {
			group.VarPF(&helpAll{flags}, helpAllFlag, "", "show this help with the flags for experts").NoOptDefVal = "true"
		}
	})
}

// A helpAll is the value of --help-all, which implies --help.
type helpAll struct{ flags *pflag.FlagSet }

func (h *helpAll) Set(value string) error { return h.flags.Set(helpFlag, value) }
func (h *helpAll) String() string         { return "false" }
func (h *helpAll) Type() string           { return "bool" }

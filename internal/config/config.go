// Package config sets the flags of a command from three places: its command line, variables of the environment, and a
// YAML file. What stands nearer to the command line holds: flags over variables over the file over defaults.
//
// A setting is a flag by its name. Each has an origin: where it was set, as a person finds it again. The package knows
// pflag and koanf, and no command.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// A Source is a place where a setting can be set. A higher one holds over a lower one.
type Source int

const (
	SourceDefault Source = iota
	SourceFile
	SourceVariable
	SourceCommandLine
)

// A Setting is the value of a flag, and where it is from. Its fields are exported for koanf, which copies it.
type Setting struct {
	Name   string   // of the flag, without dashes
	Values []string // as they were written; one, unless List
	List   bool     // Values are the elements of a list; else one text, which the flag divides if it takes several
	Source Source
	Origin string // "default", "command line", "STSSCAN_RATE" or "night.yaml:3"
}

// elsewhere reports whether a setting was set in another place than the command line.
func (s Setting) elsewhere() bool { return s.Source == SourceFile || s.Source == SourceVariable }

// Config says where settings come from, and which there are.
type Config struct {
	Flags  *pflag.FlagSet   // of the command, parsed; a flag that is set elsewhere is Changed too
	Others []*pflag.FlagSet // of other commands, whose settings have no effect here
	Not    []string         // flags that are no settings, such as help

	// FileFlag is the flag that names the YAML file, unless its variable does. It is no setting.
	FileFlag string

	Prefix  string   // of variables: with "STSSCAN_", STSSCAN_HOST_RATE is --host-rate
	Environ []string // as os.Environ has it
	Known   []string // variables that are no settings; one that ends with "_" stands for all that begin so

	// Nearest is the one of some words that a mistyped one was probably meant to be; ok is false if there is none.
	Nearest func(typed string, known []string) (nearest string, ok bool)

	// Lists is the setting that has the arguments of a command, where TakesLists; Args are those of the command line.
	Lists      string
	TakesLists bool
	Args       []string

	// Divided are the flags whose text is a list, divided by commas. pflag's own lists need not be told.
	Divided []string

	// InPlaceOf has flags that make others pointless: from a lower source those do not hold.
	InPlaceOf map[string][]string
}

// Settings are what is in force.
type Settings struct {
	All      []Setting // one for each flag, by name
	Args     []string  // of the command
	File     *File     // that was read; nil: none
	Warnings []string  // variables that are no settings, in the order of their names
}

// Apply sets the flags that the command line leaves out. Its error names the variable, or file and line. It wraps
// fs.PathError where the file cannot be read; any other is of what the file or a variable says.
func Apply(c Config) (*Settings, error) {
	flags, elsewhere := c.settable()
	variables := c.variables(flags, elsewhere)
	path, origin := c.path()
	file, provided, err := c.readFile(path, append(elsewhere, slices.Collect(maps.Values(variables.own))...))
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		return nil, fmt.Errorf("%s: %w", origin, err)
	} else if err != nil {
		return nil, err
	}
	k := koanf.New(delimiter)
	err = cmp.Or(
		k.Load(provided, nil),
		k.Load(env.Provider(delimiter, env.Opt{
			Prefix: c.Prefix, EnvironFunc: func() []string { return c.Environ },
			TransformFunc: func(variable, value string) (string, any) { return variables.setting(variable, value) },
		}), nil),
		k.Load(posflag.ProviderWithFlag(flags, delimiter, k, func(f *pflag.Flag) (string, any) {
			return f.Name, given(f)
		}), nil),
	)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	settings := &Settings{Args: c.Args, File: file, Warnings: c.unknownVariables(variables)}
	inForce := make(map[string]Setting)
	flags.VisitAll(func(f *pflag.Flag) { inForce[f.Name] = k.Get(f.Name).(Setting) })
	c.displace(flags, inForce)
	for _, name := range slices.Sorted(maps.Keys(inForce)) {
		s := inForce[name]
		if s.elsewhere() {
			if err := c.set(flags.Lookup(name), s); err != nil {
				return nil, err
			}
		}
		settings.All = append(settings.All, s)
	}
	if c.TakesLists {
		settings.Args = flags.Lookup(c.Lists).Value.(pflag.SliceValue).GetSlice()
	}
	return settings, nil
}

// settable are the flags that are settings, with one for the arguments, and the names of those of other commands.
func (c Config) settable() (flags *pflag.FlagSet, elsewhere []string) {
	no := append([]string{c.FileFlag}, c.Not...)
	flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	c.Flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(no, f.Name) {
			flags.AddFlag(f)
		}
	})
	if c.TakesLists {
		flags.StringSlice(c.Lists, nil, "")
		if list := flags.Lookup(c.Lists); len(c.Args) > 0 {
			_ = list.Value.(pflag.SliceValue).Replace(c.Args) // of a list of texts: it takes any
			list.Changed = true
		}
	}
	elsewhere = []string{c.Lists}
	for _, other := range c.Others {
		other.VisitAll(func(f *pflag.Flag) { elsewhere = append(elsewhere, f.Name) })
	}
	return flags, slices.DeleteFunc(elsewhere, func(name string) bool {
		return flags.Lookup(name) != nil || slices.Contains(no, name)
	})
}

// path is the path of the file, and what named it; "" if nothing did.
func (c Config) path() (path, origin string) {
	if f := c.Flags.Lookup(c.FileFlag); f != nil && f.Changed {
		return f.Value.String(), "--" + f.Name
	}
	variable := c.variable(c.FileFlag)
	for _, line := range c.Environ {
		if path, ok := strings.CutPrefix(line, variable+"="); ok {
			return path, variable
		}
	}
	return "", ""
}

// delimiter divides no key: names of flags have none.
const delimiter = "."

// given is a flag as the command line has it, or its default.
func given(f *pflag.Flag) Setting {
	s := Setting{Name: f.Name, Values: []string{f.DefValue}, Origin: "default"}
	text := f.DefValue
	if f.Changed {
		s.Source, s.Origin, text = SourceCommandLine, "command line", f.Value.String()
	}
	s.Values = []string{text}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		s.Values, s.List = list.GetSlice(), true
	}
	return s
}

// displace resets what a flag of a higher source makes pointless. The highest come first, since what is reset makes
// nothing pointless.
func (c Config) displace(flags *pflag.FlagSet, inForce map[string]Setting) {
	for _, source := range []Source{SourceCommandLine, SourceVariable} {
		for name, others := range c.InPlaceOf {
			over := inForce[name]
			if over.Source != source || strings.Join(over.Values, "") == "" {
				continue
			}
			for _, other := range others {
				if s, ok := inForce[other]; ok && s.Source < source {
					inForce[other] = given(flags.Lookup(other))
				}
			}
		}
	}
}

// meant ends a message about an unknown word with the one that was probably meant, if there is one.
func (c Config) meant(typed string, known []string) string {
	if nearest, ok := c.Nearest(typed, known); ok {
		return fmt.Sprintf(": did you mean %s?", nearest)
	}
	return ""
}

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/terminal"
	"stsscan/internal/udpbatch"
)

// oneOf completes a value that is one word of a set.
func oneOf[Word ~string](set ...Word) cobra.CompletionFunc {
	return completer("", set, cobra.ShellCompDirectiveNoFileComp)
}

// someOf completes the last of several words with commas between.
func someOf[Word ~string](set ...Word) cobra.CompletionFunc {
	return completer(",", set, cobra.ShellCompDirectiveNoFileComp)
}

func completer[Word ~string](separator string, set []Word, also cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (words []string, _ cobra.ShellCompDirective) {
		before := ""
		if i := strings.LastIndex(typed, separator); separator != "" && i >= 0 {
			before = typed[:i+len(separator)]
		}
		for _, word := range set {
			words = append(words, before+string(word))
		}
		return words, also
	}
}

// directories completes the path of a directory, such as a run. Without a function, the shell completes files.
func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// classesOfRows completes --only: words of columns with a closed set, alone where that is enough, and as COLUMN=WORD.
func classesOfRows(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, column := range output.Columns() {
		for _, word := range column.Values {
			if output.StandsAlone(column.Name) {
				words = append(words, word)
			}
			words = append(words, column.Name+"="+word)
		}
	}
	return oneOf(words...)(cmd, args, typed)
}

// addCompletions completes the values of flags that mean the same in all commands, unless a command has registered
// others, and the arguments of commands that take no files.
func addCompletions(root *cobra.Command) {
	extents := oneOf(extentRecord, extentAll, extentNone)
	world := completer("", simnet.Models(), cobra.ShellCompDirectiveDefault) // or a path
	table := map[string]cobra.CompletionFunc{
		"output": directories, "from": directories, "store": directories, "only": classesOfRows, "format": oneOf(domains.Formats()...),
		"fail-on": someOf("refused", "broken", "any", "suspect"), "names": oneOf("as_given", "registered"),
		"progress":   oneOf(terminal.ModeAuto, terminal.ModeLine, terminal.ModeOff),
		"log-format": oneOf(terminal.FormatText, terminal.FormatJSON),
		"verdict":    someOf(codes.Verdicts()...), "finding": someOf(codes.Findings()...),
		"mx": extents, "tlsrpt": extents, "dane": extents, "udp": oneOf(udpbatch.Methods()...), "shard": oneOf("env"),
		"sim": world, "truth": world, "model": oneOf(simnet.Models()...),
	}
	arguments := map[string]cobra.CompletionFunc{
		"fetch": directories, "verify": directories, "finish": directories, "list": directories,
		"diff": directories, "lookup": cobra.NoFileCompletions,
	}
	for _, cmd := range root.Commands() {
		cmd.ValidArgsFunction = arguments[cmd.Name()]
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			values, listed := table[f.Name]
			if _, own := cmd.GetFlagCompletionFunc(f.Name); listed && !own {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, values) // the flag is there, and has none
			}
		})
	}
}

package main

import (
	"log/slog"
	"stsscan/internal/domains"
	"stsscan/internal/terminal"
)

// watchPreparing shows the progress of the prepare step, which calls update, until stop is called.
func watchPreparing(
	console *terminal.Console, log *slog.Logger, mode terminal.Mode,
) (update func(domains.Progress), stop func()) {
	tell, stop := terminal.ReportStages(console, log, mode)
	if tell == nil {
		return nil, stop
	}
	return func(at domains.Progress) {
		tell(terminal.Stage{
			Name: string(at.Stage), Unit: unitOf(at.Stage), Done: at.Done, Total: at.Total, Entries: at.Entries,
		})
	}, stop
}

// unitOf is what a stage counts, "" where nothing.
func unitOf(stage domains.Stage) string {
	switch stage {
	case domains.StageRead:
		return "octets"
	case domains.StageCheck, domains.StageWrite:
		return "parts"
	}
	return ""
}

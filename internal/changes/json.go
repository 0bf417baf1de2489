package changes

import (
	"encoding/json"
	"io"
	"time"

	"stsscan/internal/jsontext"
	"stsscan/internal/output"
)

// jsonDiff is a Diff for programs. Keys are only ever added; docs/answers.md lists them.
type jsonDiff struct {
	Old         jsonRun     `json:"old"`
	New         jsonRun     `json:"new"`
	Notes       []string    `json:"notes"`
	Tag         *string     `json:"tag"`
	Broken      int         `json:"broken"`
	NewBroken   int         `json:"new_broken"`
	Regressions int         `json:"regressions"`
	Changed     int         `json:"changed"`
	Arrived     int         `json:"arrived"`
	Left        int         `json:"left"`
	Missing     int64       `json:"missing"`
	Groups      []jsonGroup `json:"groups"`
}

type jsonRun struct {
	Run     string        `json:"run"`
	Started time.Time     `json:"started_at"`
	Status  output.Status `json:"status"`
	Reasons []string      `json:"reasons"`
}

type jsonGroup struct {
	Value       *string      `json:"value"`
	Broken      int          `json:"broken"`
	NewBroken   int          `json:"new_broken"`
	Regressions int          `json:"regressions"`
	StayBroken  Reasons      `json:"stay_broken"`
	Unclear     Reasons      `json:"unclear_broken"`
	Changes     []jsonChange `json:"changes"`
}

type jsonChange struct {
	Domain     string            `json:"domain"`
	Kind       string            `json:"kind"`
	Regression bool              `json:"regression"`
	Gain       bool              `json:"gain"`
	Before     *string           `json:"before"`
	After      *string           `json:"after"`
	Broken     bool              `json:"broken"`
	NewBroken  bool              `json:"new_broken"`
	Reason     *string           `json:"reason"`
	Tags       map[string]string `json:"tags"`
	Remedy     *string           `json:"remedy"`
	Cached     *string           `json:"cached_policy"`
}

// WriteJSON writes the diff as one JSON object in one line.
func (d *Diff) WriteJSON(w io.Writer) error {
	out := jsonDiff{
		Old: jsonRunOf(&d.Old), New: jsonRunOf(&d.New), Notes: notNil(d.Notes), Tag: orNull(d.Tag),
		Broken: d.Total.Broken, NewBroken: d.Total.New, Regressions: d.Regressions, Changed: d.Changed,
		Arrived: d.Arrived, Left: d.Left, Missing: d.Missing, Groups: []jsonGroup{},
	}
	for i := range d.Groups {
		g := &d.Groups[i]
		group := jsonGroup{
			Value: orNull(g.Value), Broken: g.Broken, NewBroken: g.New, Regressions: g.Regressions(),
			StayBroken: g.Stays, Unclear: g.Unclear, Changes: []jsonChange{},
		}
		for _, c := range g.Changes {
			group.Changes = append(group.Changes, jsonChange{
				Domain: c.Domain, Kind: c.Kind, Regression: c.Regression, Gain: c.Gain, Before: orNull(c.Before),
				After: orNull(c.After), Broken: c.Broken, NewBroken: c.NewBroken,
				Reason: orNull(c.Reason), Tags: c.Tags, Remedy: orNull(c.Remedy), Cached: orNull(c.Cached),
			})
		}
		out.Groups = append(out.Groups, group)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = w.Write(append(jsontext.Escaped(text), '\n'))
	return err
}

func jsonRunOf(r *Run) jsonRun { return jsonRun{r.Dir, r.Started, r.Status, notNil(r.Reasons)} }

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// MarshalJSON writes no reasons as an empty object.
func (r Reasons) MarshalJSON() ([]byte, error) {
	counts := map[string]int(r)
	if counts == nil {
		counts = map[string]int{}
	}
	return json.Marshal(counts)
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

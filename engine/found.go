package engine

import "time"

// Found is a whole search as one document: what one who does not stream gets.
type Found struct {
	Hits []*Hit     `json:"hits"`
	End  *SearchEnd `json:"end"`
}

// Newest is the time of the newest fact recorded, of one cluster or (cluster empty) of all; zero where none has a
// time. Faces that are asked for a relative time count it from here: a recording's "now" is where it ends.
func (i *Info) Newest(cluster string) time.Time {
	var newest time.Time
	for _, c := range i.Clusters {
		if (cluster == "" || c.Name == cluster) && c.Last != nil && c.Last.After(newest) {
			newest = *c.Last
		}
	}
	return newest
}

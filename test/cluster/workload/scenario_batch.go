// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

func job(meta metav1.ObjectMeta, image string, completions int32) *batchv1.Job {
	pod := template(meta.Name, image)
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	return &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{
		Completions: ptr.To(completions), Parallelism: ptr.To(int32(2)), BackoffLimit: ptr.To(int32(1)), Template: pod,
	}}
}

// playJob runs one job that succeeds and one that fails, and lets one be deleted by its time to live.
func playJob(ctx context.Context, p *play) error {
	jobs := p.as(ci).BatchV1().Jobs(p.namespace)
	at(ctx, "create")
	good := job(p.meta("import"), image("import", 1), int32(p.between(1, 4)))
	good.Spec.TTLSecondsAfterFinished = ptr.To(int32(3))
	for _, j := range []*batchv1.Job{good, job(p.meta("failing"), "registry.example/import:v2-fail", 1)} {
		if _, err := jobs.Create(ctx, j, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	at(ctx, "wait")
	finished := func(ctx context.Context) (bool, error) {
		j, err := jobs.Get(ctx, "failing", metav1.GetOptions{})
		return err == nil && len(j.Status.Conditions) > 0 && j.Status.Failed > 0, err
	}
	if err := soon(ctx, 40*time.Second, finished); err != nil {
		return err
	}
	at(ctx, "suspend and resume")
	third := job(p.meta("report"), image("report", 1), 3)
	if _, err := jobs.Create(ctx, third, metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, suspend := range []bool{true, false} {
		if _, err := jobs.Patch(ctx, "report", types.MergePatchType, fmt.Appendf(nil, `{"spec":{"suspend":%t}}`, suspend), metav1.PatchOptions{}); err != nil {
			return err
		}
		p.pause(ctx, time.Second, 3*time.Second)
	}
	at(ctx, "delete")
	background := metav1.DeletePropagationBackground
	return jobs.Delete(ctx, "failing", metav1.DeleteOptions{PropagationPolicy: &background})
}

// playCronJob waits for the minute only now and then; a job from its template is run by hand always.
func playCronJob(ctx context.Context, p *play) error {
	crons := p.as(alice).BatchV1().CronJobs(p.namespace)
	at(ctx, "create")
	cron, err := crons.Create(ctx, &batchv1.CronJob{ObjectMeta: p.meta("nightly"), Spec: batchv1.CronJobSpec{
		Schedule: "* * * * *", ConcurrencyPolicy: batchv1.ForbidConcurrent, SuccessfulJobsHistoryLimit: ptr.To(int32(1)),
		JobTemplate: batchv1.JobTemplateSpec{Spec: job(p.meta("nightly"), image("nightly", 1), 1).Spec},
	}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	at(ctx, "run by hand")
	byHand := job(p.meta("nightly-by-hand"), image("nightly", 1), 1)
	byHand.Annotations = map[string]string{"cronjob.kubernetes.io/instantiate": "manual"}
	byHand.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(cron, batchv1.SchemeGroupVersion.WithKind("CronJob"))}
	if _, err := p.as(bob).BatchV1().Jobs(p.namespace).Create(ctx, byHand, metav1.CreateOptions{}); err != nil {
		return err
	}
	if p.chance(50) {
		at(ctx, "wait for the minute")
		ran := func(ctx context.Context) (bool, error) {
			c, err := crons.Get(ctx, "nightly", metav1.GetOptions{})
			return err == nil && c.Status.LastScheduleTime != nil, err
		}
		if err := soon(ctx, 70*time.Second, ran); err != nil {
			return err
		}
	}
	at(ctx, "suspend")
	if _, err := crons.Patch(ctx, "nightly", types.MergePatchType, []byte(`{"spec":{"suspend":true}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, time.Second, 5*time.Second)
	at(ctx, "delete")
	return crons.Delete(ctx, "nightly", metav1.DeleteOptions{})
}

// playGenerate has one actor create many things at once whose names the apiserver makes: at Metadata level nobody can tell which request made which.
func playGenerate(ctx context.Context, p *play) error {
	maps := p.as(operatorA).CoreV1().ConfigMaps(p.namespace)
	n := p.between(5, 15)
	at(ctx, "create at once")
	errs := make([]error, n)
	var creates sync.WaitGroup
	for i := range n {
		creates.Go(func() {
			meta := p.meta("")
			meta.GenerateName, meta.Labels = "shard-", map[string]string{"shard": fmt.Sprint(i)}
			_, errs[i] = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"shard": fmt.Sprint(i)}}, metav1.CreateOptions{})
		})
	}
	creates.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	p.pause(ctx, 0, 2*time.Second)
	at(ctx, "delete at once")
	return maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "shard"})
}

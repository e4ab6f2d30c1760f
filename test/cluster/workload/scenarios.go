// SPDX-License-Identifier: Apache-2.0

package workload

// scenarios is every story that can be played, by name.
func scenarios() []scenario {
	return []scenario{
		{"admission", playAdmission},
		{"adoption", playAdoption},
		{"apply-conflict", playApplyConflict},
		{"config", playConfig},
		{"conflicts", playConflicts},
		{"cronjob", playCronJob},
		{"custom", playCustom},
		{"daemonset", playDaemonSet},
		{"denials", playDenials},
		{"deployment", playDeployment},
		{"drain", playDrain},
		{"election", playElection},
		{"eviction", playEviction},
		{"generate", playGenerate},
		{"hpa", playAutoscaler},
		{"job", playJob},
		{"namespace", playNamespace},
		{"not-ready", playNotReady},
		{"preemption", playPreemption},
		{"quota", playQuota},
		{"rights", playRights},
		{"service", playService},
		{"statefulset", playStatefulSet},
		{"storage", playStorage},
		{"two-controllers", playTwoControllers},
	}
}

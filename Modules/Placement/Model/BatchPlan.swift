/// Where the jobs of a batch run: what `placebench-plan/1` describes.
package struct BatchPlan: Sendable, Hashable {
    /// One worker of a job.
    package struct Worker: Sendable, Hashable {
        package var node: Int
        /// The NUMA domain of the node, or `nil` to span domains.
        package var domain: Int?

        package init(node: Int, domain: Int?) {
            self.node = node
            self.domain = domain
        }
    }

    /// The name of the problem that this solves.
    package var instance: String
    /// The workers of each job; none for a job that is deferred.
    package var workers: [[Worker]]

    package init(instance: String, workers: [[Worker]]) {
        self.instance = instance
        self.workers = workers
    }

    package var placed: Int { workers.count { !$0.isEmpty } }
    package var deferred: Int { workers.count - placed }
}

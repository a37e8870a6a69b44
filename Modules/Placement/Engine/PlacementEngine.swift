import Contracts
import Core

/// Decides where a job runs: request and context in, plan with a reason for every edge out. Pure and deterministic.
enum PlacementEngine {
    /// A job moves when that saves more than this share of what is left, on top of what moving costs.
    private static let hysteresis = 0.1
    /// How long a job waits for every edge that it could use; then its minimum is enough.
    static let patience = Duration.seconds(60)

    /// - Parameter waited: how long the job has been asking.
    /// - Throws: `PlacementError` when the batch solver makes a plan that breaks its own rules, which is a defect.
    static func plan(
        _ request: PlacementRequest, _ context: PlacementContext, waited: Duration = .zero
    ) throws -> PlacementPlan {
        let outcome = try decide(request, context, waited: waited)
        let prediction = prediction(
            request, outcome.choice.chosen.sorted().map { outcome.survey.candidates[$0] }, context)
        return PlacementPlan(
            trainingType: outcome.classification.type,
            typeReason: "\(outcome.classification.reason) [rule \(outcome.classification.rule)]",
            decisions: outcome.survey.decisions(outcome.choice), policy: request.policy,
            modelWeight: outcome.classification.modelWeight, dataWeight: outcome.classification.dataWeight,
            prediction: prediction, wait: outcome.wait.map { wait($0, request, outcome, context) },
            notes: notes(request, outcome, prediction, context))
    }

    /// What is decided, not yet in words or times.
    struct Outcome: Sendable {
        enum Wait: Sendable, Equatable {
            /// The job asks more than its group may ever hold.
            case never(String)
            case quota, room
        }

        var classification: Classification
        var survey: Survey
        var choice: Choice
        var wait: Wait?
        /// On how many edges the quota of its group lets it run; `nil` for any number.
        var quotaEdges: Int?

        /// The edges that were chosen, by name.
        var chosen: [Name] { choice.chosen.map { survey.candidates[$0].name }.sorted() }

        /// Whether the job can run so.
        func isComplete(_ request: PlacementRequest) -> Bool {
            wait == nil && !survey.hasPending && !choice.chosen.isEmpty && choice.chosen.count >= request.minimumEdges
        }
    }

    static func decide(
        _ request: PlacementRequest, _ context: PlacementContext, waited: Duration
    ) throws -> Outcome {
        let classification = classify(request, context)
        let survey = Survey(request, context, modelWeight: classification.modelWeight)
        let candidates = survey.candidates
        let isRunning = context.book[request.jobUID] != nil
        let quota = QuotaAllowance(request, context)
        let refusal = quota?.refusal
        var quotaEdges = refusal == nil ? quota?.mostEdges ?? .max : 0
        // As with room: what others of the group hold is waited for, but not for ever.
        if let free = quota?.freeEdges, free >= request.minimumEdges, isRunning || waited >= patience {
            quotaEdges = free
        }
        let count = min(count(request, candidates, context), quotaEdges)
        let choice = try choose(count, of: candidates, request, context)
        var outcome = Outcome(
            classification: classification, survey: survey, choice: choice,
            quotaEdges: quotaEdges == .max ? nil : quotaEdges)
        let wanted = min(request.maximumEdges ?? .max, candidates.count + survey.full.count, quotaEdges)
        if let refusal {
            outcome.wait = .never(refusal)
        } else if !choice.chosen.isEmpty, quota?.shortages(on: choice.chosen.count).isEmpty == false {
            outcome.wait = .quota
        } else if choice.chosen.count < request.minimumEdges, !survey.full.isEmpty {
            outcome.wait = .room
        } else if !isRunning, candidates.count < wanted, count < wanted, waited < patience {
            outcome.wait = .room
        }
        return outcome
    }

    private static func classify(_ request: PlacementRequest, _ context: PlacementContext) -> Classification {
        let held = context.topology.sites.flatMap { site in
            site.report.datasets.filter { $0.name == request.dataset }
        }
        // Features and label, as numbers of four bytes.
        let bytes = held.reduce(0.0) { $0 + Double($1.samples) * Double($1.features + 1) * 4 }
        return context.classifier.classify(
            ClassifierFacts(
                declaredType: request.declaredType, holders: held.count, isAtCore: request.isAtCore == true,
                mayMove: request.mayMove == true, isSharingForbidden: request.isSharingForbidden == true,
                hasEnvironment: request.dataset == nil, hasBaseModel: request.hasBaseModel == true,
                modelBytes: Double(request.modelBytes), dataBytes: request.isAtCore == true ? nil : bytes,
                rounds: Double(request.rounds)))
    }

    // MARK: Choice

    /// How many edges take part: what the job asks at most, what differing labels allow, and no more than meet the deadline.
    private static func count(
        _ request: PlacementRequest, _ candidates: [Candidate], _ context: PlacementContext
    ) -> Int {
        let usable = usable(candidates, request)
        let most = min(request.maximumEdges ?? .max, usable.count)
        guard let deadline = request.deadline, most > request.minimumEdges else { return most }
        let left = Double(deadline.milliseconds - context.now.milliseconds) / 1000
        let costs = usable.map { candidates[$0].seconds }.sorted()
        let aggregation = context.forecaster.aggregation(request.workload)
        var count = most
        while count > request.minimumEdges, Double(request.rounds) * (costs[count - 1] + aggregation) > left {
            count -= 1
        }
        let isMet = Double(request.rounds) * (costs[count - 1] + aggregation) <= left
        // Edges are left out to keep the deadline, not for nothing.
        return isMet ? count : most
    }

    private static func choose(
        _ count: Int, of candidates: [Candidate], _ request: PlacementRequest, _ context: PlacementContext
    ) throws -> Choice {
        guard count > 0 else { return Choice(chosen: [], scores: [Double](repeating: 0, count: candidates.count)) }
        let usable = usable(candidates, request)
        var choice = try request.policy.choice.choose(
            min(count, usable.count), of: usable.map { candidates[$0] }, for: request)
        var scores = [Double](repeating: 0, count: candidates.count)
        for (position, index) in usable.enumerated() { scores[index] = choice.scores[position] }
        choice = Choice(chosen: Set(choice.chosen.map { usable[$0] }), scores: scores)
        return stay(choice, candidates, request, context) ?? choice
    }

    /// The candidates to choose from: those with a taint that prefers no job only where the others are too few.
    private static func usable(_ candidates: [Candidate], _ request: PlacementRequest) -> [Int] {
        let willing = spread(candidates.indices.filter { !candidates[$0].isAvoided }, of: candidates, request)
        if willing.count >= request.maximumEdges ?? request.minimumEdges { return willing }
        return spread(Array(candidates.indices), of: candidates, request)
    }

    /// What `spec.placement.spread` leaves: of those with the same value of the label, the cheapest. Edges share nothing within
    /// a job, so one that is dearer than as many others of its value as may run is never needed.
    private static func spread(_ indices: [Int], of candidates: [Candidate], _ request: PlacementRequest) -> [Int] {
        guard let spread = request.spec.spread else { return indices }
        var counts: [String?: Int] = [:]
        let order = indices.sorted {
            (candidates[$0].cost, candidates[$0].name) < (candidates[$1].cost, candidates[$1].name)
        }
        return order.filter { index in
            let value = candidates[index].site.report.labels[spread.label]
            counts[value, default: 0] += 1
            return counts[value, default: 0] <= spread.most
        }.sorted()
    }

    /// The edges that the job has, when all of them still serve and moving does not pay; `nil` when it moves.
    private static func stay(
        _ choice: Choice, _ candidates: [Candidate], _ request: PlacementRequest, _ context: PlacementContext
    ) -> Choice? {
        guard let held = context.book[request.jobUID], !choice.chosen.isEmpty else { return nil }
        let current = candidates.indices.filter { held.edges.contains(candidates[$0].name) }
        guard current.count == held.edges.count, current.count == choice.chosen.count, Set(current) != choice.chosen,
            Set(current).isSubset(of: usable(candidates, request))
        else { return nil }
        let rounds = Double(max(1, request.rounds))
        let staying = rounds * (current.map { candidates[$0].cost }.max() ?? 0)
        let moving = rounds * (choice.chosen.map { candidates[$0].cost }.max() ?? 0)
        // A new edge first fetches the model, and nothing of it is there to tell differences from.
        let fetching = choice.chosen.subtracting(current).map { candidates[$0].transfer }.max() ?? 0
        let isWorthIt = staying - moving > fetching + hysteresis * staying
        return isWorthIt ? nil : Choice(chosen: Set(current), scores: choice.scores)
    }

    // MARK: Time

    private static func prediction(
        _ request: PlacementRequest, _ chosen: [Candidate], _ context: PlacementContext
    ) -> PlacementPrediction? {
        let parts = chosen.map {
            RoundPart(
                edge: $0.name, compute: $0.training, transferSeconds: $0.transfer,
                transferDeviation: $0.transferDeviation)
        }
        guard
            let job = FederatedJob.predict(
                parts, rounds: max(1, request.rounds),
                aggregationSeconds: context.forecaster.aggregation(request.workload)),
            let slowest = chosen.first(where: { $0.name == job.slowest })
        else { return nil }
        return PlacementPrediction(
            roundSeconds: job.roundSeconds, totalSeconds: job.seconds, lowSeconds: job.low, highSeconds: job.high,
            basis: "\(slowest.name) is the slowest: \(slowest.training.basis.reason)")
    }

    private static func notes(
        _ request: PlacementRequest, _ outcome: Outcome, _ prediction: PlacementPrediction?, _ context: PlacementContext
    ) -> [String]? {
        var notes: [String] = []
        if let deadline = request.deadline, let prediction {
            let end = context.now.advanced(by: .seconds(min(prediction.totalSeconds, 1e9)))
            if end > deadline {
                notes.append(
                    "it should have ended by \(deadline) and is predicted to end at \(end), on \(outcome.chosen.count) edges"
                )
            }
        }
        let usable = min(request.maximumEdges ?? .max, usable(outcome.survey.candidates, request).count)
        if let most = outcome.quotaEdges, most > 0, most < usable, outcome.chosen.count == most {
            notes.append(
                "the quota of group '\(request.group)' has it run on \(most) edges of the \(usable) that could take it")
        }
        return notes.isEmpty ? nil : notes
    }

    // MARK: Waiting

    private static func wait(
        _ wait: Outcome.Wait, _ request: PlacementRequest, _ outcome: Outcome, _ context: PlacementContext
    ) -> PlacementWait {
        switch wait {
        case .never(let reason):
            // The job may be another one when it asks again.
            return PlacementWait(reason: reason, retrySeconds: 5, isForever: true)
        case .quota:
            let shortages = QuotaAllowance(request, context)?.shortages(on: outcome.choice.chosen.count) ?? []
            let words = shortages.joined(separator: "; ")
            return PlacementWait(reason: "the quota of group '\(request.group)' is used: \(words)", retrySeconds: 1)
        case .room:
            let survey = outcome.survey
            let lacking = survey.full.map { "\($0.name) \($0.reason())" }
            let wanted = min(request.maximumEdges ?? .max, survey.candidates.count + survey.full.count)
            return PlacementWait(
                reason: "\(survey.candidates.count) of \(wanted) edges have room: \(EdgeAssessor.list(lacking))",
                until: firstFit(request, survey, context), retrySeconds: 0.5)
        }
    }

    /// When the job's minimum fits, if those that hold what it needs end when they are predicted to; `nil` if nobody knows.
    private static func firstFit(_ request: PlacementRequest, _ survey: Survey, _ context: PlacementContext)
        -> Timestamp?
    {
        var book = context.book
        let ends = book.all.filter { $0.jobUID != request.jobUID && $0.predictedEnd != nil }
            .sorted { ($0.predictedEnd ?? $0.expires, $0.jobUID) < ($1.predictedEnd ?? $1.expires, $1.jobUID) }
        let edges = survey.candidates.map(\.site) + survey.full.map(\.candidate.site)
        for reservation in ends {
            book.release(reservation.jobUID)
            let fitting = edges.count { book.free(of: $0, besides: request.jobUID).holds(request.demand) }
            // What should have ended already will end nobody knows when.
            if fitting >= request.minimumEdges {
                return reservation.predictedEnd.flatMap { $0 > context.now ? $0 : nil }
            }
        }
        return nil
    }
}

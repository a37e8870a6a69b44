import TestKit
import Testing

@testable import DataSync

@Suite struct TransferMachineTests {
    /// Every interleaving of events up to a depth: shards move only after `begin` and not past a `stop`, a pause holds, a
    /// commit comes before the end, and after an end nothing happens.
    @Test func noInterleavingGoesWrong() {
        struct World: Hashable {
            var machine = TransferMachine()
            var isMoving = false
            var isCommitting = false
            var wasAnnounced = false
        }
        var seen: Set<World> = [World()]
        var frontier = [World()]
        while let world = frontier.popLast() {
            for event in TransferMachine.Event.allCases {
                // What cannot happen in the world does not.
                if event == .held || event == .incomplete, !world.isCommitting { continue }
                var next = world
                let action = next.machine.handle(event)
                switch action {
                case .begin:
                    #expect(!world.isMoving && !world.isCommitting)
                    next.isMoving = true
                case .stop: next.isMoving = false
                case .commit:
                    #expect(!world.isCommitting)
                    next.isMoving = false
                    next.isCommitting = true
                case .announce: next.wasAnnounced = true
                case .none: break
                }
                if event == .held || event == .incomplete || event == .interrupted { next.isCommitting = false }
                if next.machine.phase.isOver { next.isCommitting = false }
                let phase = next.machine.phase
                #expect(next.isMoving == (phase == .moving), "\(world) \(event)")
                if phase == .complete, world.machine.phase != .complete {
                    #expect(event == .held && world.isCommitting && action == .announce)
                }
                if world.machine.phase.isOver {
                    #expect(action == .none && phase == world.machine.phase)
                }
                if world.machine.phase == .paused, phase != .paused {
                    #expect([.resume, .gaveUp, .release].contains(event))
                }
                if seen.insert(next).inserted { frontier.append(next) }
            }
        }
        #expect(Set(seen.map(\.machine.phase)) == Set(TransferMachine.Phase.allCases))
    }
}

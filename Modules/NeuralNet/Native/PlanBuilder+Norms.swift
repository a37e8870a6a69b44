import COneDNN

extension PlanBuilder {
    func addBatchNorm(
        _ operation: Graph.Operation, epsilon: Float, momentum: Float, hasReLU: Bool
    ) throws(NetworkError) {
        let from = operation.inputs[0]
        let first = operation.parameters.lowerBound
        let (scale, shift) = (try vector(first), try vector(first + 1))
        let (runningMean, runningVariance) = (try vector(first + 2), try vector(first + 3))
        let input = try value(from)
        let output = try Block(library, input.descriptor)
        values[operation.output] = output
        var layout = input.descriptor
        var flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
        if hasReLU { flags |= dnnl_fuse_norm_relu.rawValue }
        let isMeasured = isTraining && !store.isFrozen(first + 2) && !store.isFrozen(first + 3)
        if !isMeasured { flags |= dnnl_use_global_stats.rawValue }
        let what = "a batch norm"
        var forward = dnnl_batch_normalization_desc_t()
        try library.check(
            library.functions.batch_normalization_forward_desc_init(
                &forward, isTraining ? dnnl_forward_training : dnnl_forward_inference, &layout, epsilon, flags), what)
        let primitive = try Primitive(library, what, &forward)
        let mean = isMeasured ? try Block(library, runningMean.descriptor) : runningMean
        let variance = isMeasured ? try Block(library, runningMean.descriptor) : runningVariance
        var arguments = [
            (DNNL_ARG_SRC_0, input), (DNNL_ARG_DST_0, output), (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift),
            (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
        ]
        // Which values the rectifier let through.
        let workspace = hasReLU && isTraining ? try Block(library, primitive.layout(dnnl_query_workspace_md)) : nil
        if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
        append(primitive, arguments)
        if isMeasured {
            let samples = Float(rows * graph.shapes[from].dropFirst().reduce(1, *))
            append { (_) throws(NetworkError) in
                // Of the variance, what is kept is the estimate without bias.
                let unbiased = samples / max(1, samples - 1)
                for (running, fresh, factor) in [(runningMean, mean, 1), (runningVariance, variance, unbiased)] {
                    let (running, fresh) = (running.values, fresh.values)
                    for channel in running.indices {
                        running[channel] += momentum * (fresh[channel] * factor - running[channel])
                    }
                }
            }
        }
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            var backward = dnnl_batch_normalization_desc_t()
            try library.check(
                library.functions.batch_normalization_backward_desc_init(
                    &backward, dnnl_backward, &layout, &layout, epsilon, flags), what)
            let gradient = try arranged(gradient, as: layout)
            let result = try temporary(layout)
            var arguments = [
                (DNNL_ARG_SRC_0, input), (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
                (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift), (DNNL_ARG_DIFF_DST_0, gradient),
                (DNNL_ARG_DIFF_SRC_0, result), (DNNL_ARG_DIFF_SCALE, try store.gradient(first, of: scale)),
                (DNNL_ARG_DIFF_SHIFT, try store.gradient(first + 1, of: shift)),
            ]
            if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
            append(try Primitive(library, what, &backward, forward: primitive), arguments)
            try contribute(result, to: from)
        }
    }

    /// Over everything a sample has, as one row.
    func addLayerNorm(_ operation: Graph.Operation, epsilon: Float) throws(NetworkError) {
        let from = operation.inputs[0]
        let first = operation.parameters.lowerBound
        let width = graph.shapes[from].reduce(1, *)
        let plain = library.descriptor([rows] + graph.shapes[from])
        var flat = library.descriptor([rows, width]), statistics = library.descriptor([rows])
        let row = library.descriptor([width])
        let scale = try parameter(first, plain: row, layout: row)
        let shift = try parameter(first + 1, plain: row, layout: row)
        let arrangedInput = try value(from, as: plain)
        let input = try Block(library, flat, in: arrangedInput.memory)
        let output = try Block(library, flat)
        values[operation.output] = try Block(library, plain, in: output.memory)
        let flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
        let what = "a layer norm"
        var forward = dnnl_layer_normalization_desc_t()
        // Also a pass that judges computes the statistics of each sample, which training keeps for the gradient.
        try library.check(
            library.functions.layer_normalization_forward_desc_init(
                &forward, dnnl_forward_training, &flat, &statistics, epsilon, flags), what)
        let primitive = try Primitive(library, what, &forward)
        let (mean, variance) = (try Block(library, statistics), try Block(library, statistics))
        append(
            primitive,
            [
                (DNNL_ARG_SRC_0, input), (DNNL_ARG_DST_0, output), (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift),
                (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
            ])
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            var backward = dnnl_layer_normalization_desc_t()
            try library.check(
                library.functions.layer_normalization_backward_desc_init(
                    &backward, dnnl_backward, &flat, &flat, &statistics, epsilon, flags), what)
            let gradient = try Block(library, flat, in: arranged(gradient, as: plain).memory)
            let result = try temporary(flat)
            append(
                try Primitive(library, what, &backward, forward: primitive),
                [
                    (DNNL_ARG_SRC_0, input), (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
                    (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift), (DNNL_ARG_DIFF_DST_0, gradient),
                    (DNNL_ARG_DIFF_SRC_0, result),
                    (DNNL_ARG_DIFF_SCALE, try store.gradient(first, of: scale)),
                    (DNNL_ARG_DIFF_SHIFT, try store.gradient(first + 1, of: shift)),
                ])
            try contribute(Block(library, plain, in: result.memory), to: from)
        }
    }
}

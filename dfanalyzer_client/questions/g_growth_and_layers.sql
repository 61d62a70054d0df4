-- The effect of K (features that a dense layer adds) and L (layers of a block) at equal epochs.
-- :dataflow = densed
-- needs: the set iDenseBlock with GROWTH_RATE and LAYERS, as the paper's DenseNets record it, and the metric val_loss
SELECT net.growth_rate AS k, net.layers AS l, o.epoch_id,
       count(*) AS trainings, avg(o.val_loss) AS val_loss
FROM (
    SELECT t.df_exec, max(d.growth_rate) AS growth_rate, max(d.layers) AS layers
    FROM idenseblock d JOIN "public".task_begun t ON t.id = d.denseblock_task_id
    GROUP BY t.df_exec
  ) AS net
  JOIN "public".task_begun t ON t.df_exec = net.df_exec
  JOIN otrainingmodel o ON o.trainingmodel_task_id = t.id
GROUP BY net.growth_rate, net.layers, o.epoch_id
ORDER BY o.epoch_id, k, l;

-- The paper's query (a): the loss of DenseED with growth rate K and L layers at the current epoch.
-- :dataflow = densed
-- :growth_rate = 24
-- :layers = 4
-- needs: the set iDenseBlock with GROWTH_RATE and LAYERS, as the paper's DenseNets record it
SELECT e.tag AS execution, o.epoch_id, o.loss
FROM (
    SELECT t.df_exec
    FROM idenseblock d JOIN "public".task_begun t ON t.id = d.denseblock_task_id
    GROUP BY t.df_exec
    HAVING min(d.growth_rate) = :growth_rate AND max(d.growth_rate) = :growth_rate
       AND min(d.layers) = :layers AND max(d.layers) = :layers
  ) AS net
  JOIN "public".dataflow_execution e ON e.id = net.df_exec
  JOIN "public".task_begun t ON t.df_exec = e.id
  JOIN otrainingmodel o ON o.trainingmodel_task_id = t.id
  JOIN (
    SELECT trainingmodel_task_id, max(epoch_id) AS epoch_id
    FROM otrainingmodel GROUP BY trainingmodel_task_id
  ) AS newest ON newest.trainingmodel_task_id = t.id AND newest.epoch_id = o.epoch_id
ORDER BY e.id;
